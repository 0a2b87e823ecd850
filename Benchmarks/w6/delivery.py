"""W6, delivery: events as requests to one HTTP server. wrk posting the same body over and over is the limit."""

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from harness import report
from harness.measure import Cost, run
from harness.peers import Peer
from w6 import requests

RUNS = 3
# About as long as wrk posts.
EVENTS = 600_000
# With one request at once.
FEW = 60_000
AT_ONCE = (1, 16, 64)
PIPELINE = """millrace: 1
name: delivery
source: {{type: file, path: events.ndjson, format: ndjson}}
mappings: {{"*": all, n: record.n}}
target:
  type: http
  url: "http://127.0.0.1:{port}/hook"
  method: POST
  key: [n]
  requests_at_once: {at_once}
"""


@dataclass(frozen=True)
class Delivered:
    """Requests a second at so many requests at once."""

    limit: float
    millrace: float
    cost: Cost


def measure(server: Peer, binary: str, scratch: str) -> dict[int, Delivered]:
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        port = requests.free_port()
        write_events(os.path.join(folder, "events.ndjson"))
        with open(os.path.join(folder, "server.log"), "wb") as log:
            process = subprocess.Popen([*server.command, str(port), folder], stdout=log, stderr=log)
        try:
            requests.wait_until_it_listens(process, port, folder)
            return {at_once: deliver(port, at_once, binary, folder) for at_once in AT_ONCE}
        finally:
            process.terminate()
            process.wait(60)


def deliver(port: int, at_once: int, binary: str, folder: str) -> Delivered:
    """wrk and Millrace in turns; the best of each."""
    events = EVENTS if at_once > 1 else FEW
    pipeline = os.path.join(folder, f"delivery-{at_once}.yaml")
    text = PIPELINE.format(port=port, at_once=at_once)
    if events != EVENTS:
        text = text.replace("events.ndjson", "few.ndjson")
        with open(os.path.join(folder, "events.ndjson"), "rb") as all_events, open(os.path.join(folder, "few.ndjson"), "wb") as few:
            few.writelines(line for _, line in zip(range(events), all_events))
    Path(pipeline).write_text(text, encoding="utf-8")
    limits, costs = [], []
    for number in range(RUNS):
        limits.append(requests.load(port, at_once).requests_s)
        environment = {**os.environ, "MILLRACE_STATE": os.path.join(folder, f"state-{at_once}-{number}")}
        costs.append(run([binary, "run", "--once", "--quiet", pipeline], os.path.join(folder, "log.txt"), environment))
    best = min(costs, key=lambda cost: cost.wall_s)
    return Delivered(max(limits), events / best.wall_s, best)


def write_events(path: str) -> None:
    """The body that wrk posts, with a number for a key."""
    script = (Path(__file__).parent / "post.lua").read_text(encoding="utf-8")
    body = "".join(re.findall(r"'(.*)'", script))
    with open(path, "w", encoding="utf-8") as file:
        for number in range(EVENTS):
            file.write(f'{{"n":{number},{body[1:]}\n')


def table(delivered: dict[int, Delivered]) -> str:
    rows = [
        [f"{at_once} at once", report.count(one.limit), report.count(one.millrace), report.ratio(one.millrace / one.limit),
         f"{one.cost.cpu_s:.2f}", report.mebibytes(one.cost.peak_kib)]
        for at_once, one in delivered.items()
    ]
    return report.table(["", "wrk, requests/s", "Millrace, requests/s", "share", "CPU s", "peak MiB"], rows)
