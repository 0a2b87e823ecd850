"""What one evaluation of an expression costs, beside other implementations of the same language.

Millrace is measured where expressions run, in a pipeline: the same mapped field many times beside none, so that reading rows
falls out, and turning the value into a cell and writing it counts. What the others do is in `evaluating.py`.
"""

import json
import math
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from expressions.cases import CASES
from harness import measure, report
from harness.peers import Peer
from w1.generate import Shape, ensured

COPIES = 16
ROWS = 50_000
# The others are slower, and a call of theirs has a steady cost.
PEER_ROWS = 1_000
PEER_TIMEOUT_S = 300


@dataclass
class Standing:
    title: str
    version: str
    # Nanoseconds of processor time for one evaluation, for each case that it can do.
    ns: dict[str, float] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def compare(binary: str, version: str, peers: list[Peer], runs: int, data: str, scratch: str) -> list[Standing]:
    """Millrace and its peers over the same rows; a value that differs from Millrace's is a problem."""
    rows = first_rows(ensured(Shape(records=ROWS), data)[0], scratch)
    ours = Standing("Millrace", version.removeprefix("Millrace "))
    bare = pipeline_cost(binary, {}, data, runs, scratch)
    values: dict[str, list] = {}
    for name, text in CASES.items():
        note(f"expressions: Millrace, {name}")
        cost = pipeline_cost(binary, {f"x{copy}": text for copy in range(COPIES)}, data, runs, scratch)
        ours.ns[name] = max(0.0, cost - bare) * 1e9 / ROWS / COPIES
        values[name] = made(scratch)[:PEER_ROWS]
    standings = [ours]
    for peer in peers:
        note(f"expressions: {peer.title}")
        standings.append(of_peer(peer, rows, values))
    return standings


def first_rows(source: str, scratch: str) -> str:
    path = os.path.join(scratch, "rows.ndjson")
    with open(source, encoding="utf-8") as lines, open(path, "w", encoding="utf-8") as rows:
        rows.writelines(line for line, _ in zip(lines, range(PEER_ROWS)))
    return path


def pipeline_cost(binary: str, fields: dict[str, str], data: str, runs: int, scratch: str) -> float:
    """Seconds of processor time for a run of the pipeline: the best of so many."""
    file = os.path.join(scratch, "expressions.yaml")
    pipeline = {
        "millrace": 1, "name": "expressions",
        "source": {"type": "file", "path": ensured(Shape(records=ROWS), data)[0], "format": "ndjson"},
        "mappings": {"id": "record.id", **fields},
        "target": {"type": "file", "path": os.path.join(scratch, "made.ndjson"), "format": "ndjson", "write": "replace"},
    }
    # JSON is YAML.
    Path(file).write_text(json.dumps(pipeline), encoding="utf-8")
    return min(one_run(binary, file, scratch) for _ in range(runs))


def one_run(binary: str, file: str, scratch: str) -> float:
    state = os.path.join(scratch, "state")
    subprocess.run(["rm", "-rf", state], check=True)
    environment = {**os.environ, "MILLRACE_STATE": state}
    return measure.run([binary, "run", "--once", file], os.path.join(scratch, "log"), environment).cpu_s


def made(scratch: str) -> list:
    with open(os.path.join(scratch, "made.ndjson"), encoding="utf-8") as lines:
        return [json.loads(line)["x0"] for line in lines]


def of_peer(peer: Peer, rows: str, values: dict[str, list]) -> Standing:
    standing = Standing(peer.title, peer.version)
    try:
        answer = subprocess.run([*peer.command, rows], capture_output=True, text=True, check=True, timeout=PEER_TIMEOUT_S)
    except (OSError, subprocess.SubprocessError) as error:
        standing.problems.append(str(error))
        return standing
    for name, case in json.loads(answer.stdout).items():
        wrong = next((row for row, pair in enumerate(zip(values[name], case["values"])) if not same(*pair)), None)
        if wrong is None and len(values[name]) == len(case["values"]):
            standing.ns[name] = case["ns"]
        else:
            standing.problems.append(f"{name}: another value in row {wrong}")
    return standing


def same(ours, theirs) -> bool:
    if isinstance(ours, float) or isinstance(theirs, float):
        return math.isclose(ours, theirs, rel_tol=0, abs_tol=0)
    return ours == theirs


def note(text: str) -> None:
    print(f"… {text}", file=sys.stderr, flush=True)


def table(standings: list[Standing]) -> str:
    """Nanoseconds of one evaluation, and how many times as long as Millrace the others take."""
    ours, *others = standings
    columns = ["", "Millrace, ns"]
    for other in others:
        columns += [f"{other.title}, ns", "×"]
    rows = []
    for name, text in CASES.items():
        cells = [f"`{text}`".replace("|", "\\|"), report.count(ours.ns[name])]
        for other in others:
            ns = other.ns.get(name)
            cells += ["–", "–"] if ns is None else [report.count(ns), report.ratio(ns / max(ours.ns[name], 1))]
        rows.append(cells)
    return report.table(columns, rows)
