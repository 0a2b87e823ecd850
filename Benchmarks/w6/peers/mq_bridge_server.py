"""mq-bridge: a route from HTTP into a file, with fsync for every batch before the sender is answered."""

import json
import signal
import sys
from importlib.metadata import version

import mq_bridge


def main(port: str, folder: str) -> None:
    route = mq_bridge.Route.from_config(
        {
            "input": {"http": {"url": f"127.0.0.1:{port}"}},
            "output": {"file": {"path": f"{folder}/events.ndjson", "format": "raw", "fsync": "batch"}},
            "batch_size": 256,
            "concurrency": 4,
        }
    )
    route.start()
    signal.sigwait([signal.SIGTERM])


if __name__ == "__main__":
    if sys.argv[1] == "--about":
        print(json.dumps({"title": "mq-bridge, file with fsync", "version": version("mq-bridge")}))
    else:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        main(*sys.argv[1:])
