"""W6: events accepted over HTTP, each durable before its sender is answered. wrk posts, one server at a time."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from harness import report
from harness.peers import Peer

HERE = Path(__file__).parent
CONNECTIONS = (1, 16, 64, 256)
SECONDS = 4
START_TIMEOUT_S = 20
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True)
class Load:
    """What wrk saw at so many connections."""

    requests_s: float
    p50_ms: float
    p99_ms: float


@dataclass
class Standing:
    peer: Peer
    loads: dict[int, Load] = field(default_factory=dict)
    problem: str = ""


class Refused(Exception):
    """The server does not do its work."""


def measure(peers: list[Peer], scratch: str) -> list[Standing]:
    """Every server at every number of connections, in turns, so that all meet the same weather."""
    standings = [Standing(peer) for peer in peers]
    for connections in CONNECTIONS:
        for standing in standings:
            if standing.problem:
                continue
            print(f"… {connections} connections: {standing.peer.title}", file=sys.stderr, flush=True)
            try:
                standing.loads[connections] = one(standing.peer, connections, scratch)
            except (Refused, OSError, subprocess.SubprocessError) as error:
                standing.problem = str(error)
    return standings


def one(peer: Peer, connections: int, scratch: str) -> Load:
    folder = tempfile.mkdtemp(dir=scratch)
    port = free_port()
    with open(os.path.join(folder, "server.log"), "wb") as log:
        server = subprocess.Popen([*peer.command, str(port), folder], stdout=log, stderr=log)
    try:
        wait_until_it_listens(server, port, folder)
        return load(port, connections)
    finally:
        server.terminate()
        server.wait(60)
        shutil.rmtree(folder)


def wait_until_it_listens(server: subprocess.Popen, port: int, folder: str) -> None:
    end = time.monotonic() + START_TIMEOUT_S
    while server.poll() is None and time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise Refused(Path(folder, "server.log").read_text(errors="replace")[-500:] or "it does not listen")


def load(port: int, connections: int) -> Load:
    answer = subprocess.run(
        ["wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{SECONDS}s", "--latency", "--timeout", "10s",
         "--script", str(HERE / "post.lua"), f"http://127.0.0.1:{port}/hook"],
        capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in answer or "Socket errors" in answer:
        raise Refused(answer.strip().splitlines()[-3])
    latency = {percent: float(value) * UNITS[unit] for percent, value, unit in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)", answer)}
    return Load(float(re.search(r"Requests/sec:\s+([\d.]+)", answer)[1]), latency["50"], latency["99"])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def table(standings: list[Standing]) -> str:
    """Requests a second, and the latencies of half and of 99 % of them."""
    done = [standing for standing in standings if len(standing.loads) == len(CONNECTIONS)]
    done.sort(key=lambda standing: -standing.loads[64].requests_s)
    columns = ["", "version", *(f"{n} conn." for n in CONNECTIONS), *(f"p50/p99 ms at {n}" for n in CONNECTIONS)]
    rows = [
        [
            standing.peer.title, standing.peer.version,
            *(report.count(standing.loads[n].requests_s) for n in CONNECTIONS),
            *(f"{standing.loads[n].p50_ms:.2f} / {standing.loads[n].p99_ms:.2f}" for n in CONNECTIONS),
        ]
        for standing in done
    ]
    return report.table(columns, rows)
