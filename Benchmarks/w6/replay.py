"""W6, replay: a log of events, as the webhook source stores them, read from its beginning into a file."""

import json
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from harness import report
from harness.measure import Cost, run
from harness.peers import Peer
from w6 import requests

RUNS = 3
CONNECTIONS = 64
EVENTS = 500_000
FILL_MAX_S = 60
REPLAY = """millrace: 1
name: replay
source: {type: log, path: log, event: {id: /id, key: /data/sku}}
mappings: {event: meta.event_id, sku: record.data.sku, price: record.data.price}
target: {type: file, path: replayed.ndjson, format: ndjson}
"""


@dataclass(frozen=True)
class Replayed:
    events: int
    cost: Cost


def measure(millrace: Peer, binary: str, scratch: str) -> Replayed:
    """Fills a log through the webhook source with at least EVENTS events, and replays all of it, best of RUNS."""
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        fill(millrace, folder)
        pipeline = os.path.join(folder, "replay.yaml")
        Path(pipeline).write_text(REPLAY, encoding="utf-8")
        costs = []
        for number in range(RUNS):
            environment = {**os.environ, "MILLRACE_STATE": os.path.join(folder, f"state-{number}")}
            costs.append(run([binary, "run", "--once", "--quiet", pipeline], os.path.join(folder, "log.txt"), environment))
        with open(os.path.join(folder, "replayed.ndjson"), "rb") as rows:
            events = sum(1 for line in rows if json.loads(line)["sku"] == "AB-1234-XY")
        if events < EVENTS:
            raise requests.Refused(f"only {events} events were replayed")
        return Replayed(events, min(costs, key=lambda cost: cost.wall_s))


def fill(millrace: Peer, folder: str) -> None:
    port = requests.free_port()
    with open(os.path.join(folder, "server.log"), "wb") as log:
        server = subprocess.Popen([*millrace.command, str(port), folder], stdout=log, stderr=log)
    try:
        requests.wait_until_it_listens(server, port, folder)
        end = time.monotonic() + FILL_MAX_S
        taken = 0
        while taken < EVENTS and time.monotonic() < end:
            taken += requests.load(port, CONNECTIONS).requests_s * requests.SECONDS
    finally:
        server.terminate()
        server.wait(60)


def table(replayed: Replayed) -> str:
    cost = replayed.cost
    row = ["Millrace", report.count(replayed.events), report.count(replayed.events / cost.wall_s), f"{cost.wall_s:.2f}",
           f"{cost.cpu_s:.2f}", report.mebibytes(cost.peak_kib)]
    return report.table(["", "events", "events/s", "wall s", "CPU s", "peak MiB"], [row])
