"""aiohttp: a service as one writes it by hand. While a thread syncs, all that come wait for the next sync together."""

import asyncio
import json
import os
import platform
import sys
from importlib.metadata import version

from aiohttp import web


class Log:
    def __init__(self, path: str):
        self.file = open(path, "ab", buffering=0)
        self.waiting: list[tuple[bytes, asyncio.Future]] = []
        self.work = asyncio.Event()

    async def store(self) -> None:
        while True:
            await self.work.wait()
            self.work.clear()
            group, self.waiting = self.waiting, []
            await asyncio.to_thread(self.write, b"".join(line for line, _ in group))
            for _, done in group:
                if not done.done():
                    done.set_result(None)

    def write(self, lines: bytes) -> None:
        self.file.write(lines)
        os.fdatasync(self.file.fileno())

    async def hook(self, request: web.Request) -> web.Response:
        body = await request.read()
        json.loads(body)
        done = asyncio.get_running_loop().create_future()
        self.waiting.append((body + b"\n", done))
        self.work.set()
        await done
        return web.Response(status=204)


async def main(port: str, folder: str) -> None:
    log = Log(os.path.join(folder, "events.ndjson"))
    application = web.Application()
    application.router.add_post("/hook", log.hook)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(port), backlog=1024).start()
    await log.store()


if __name__ == "__main__":
    if sys.argv[1] == "--about":
        about = f"{version('aiohttp')} on Python {platform.python_version()}"
        print(json.dumps({"title": "aiohttp with group fsync", "version": about}))
    else:
        asyncio.run(main(*sys.argv[1:]))
