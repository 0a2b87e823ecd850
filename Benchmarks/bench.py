#!/usr/bin/env python3
"""Runs Millrace against its peers on the same work, and measures how its own cost grows.

  bench.py                          everything
  bench.py w1 --runs 3              one workload, best of three
  bench.py w2 --variant csv-upsert  one task of a workload
  bench.py growth --full            up to 20 million records
  bench.py startup
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from expressions import evaluations
from harness import compete, machine, peers, postgres, report, startup, tables, workloads
from w1 import growth
from w4 import changes
from w6 import delivery, replay, requests

HERE = Path(__file__).parent
BUILD = HERE.parent / ".build"
SECTIONS = [*workloads.names(), "w4", "w6", "replay", "delivery", "expressions", "growth", "startup"]


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"what to measure: {', '.join(SECTIONS)} (default: all)")
    parser.add_argument("--only", action="append", default=[], metavar="PEER", help="a file name of peers/, may be repeated")
    parser.add_argument("--variant", action="append", default=[], metavar="TASK", help="a task of a workload into tables, may be repeated")
    parser.add_argument("--records", type=int, help="events or rows of a workload (default: 1000000, w3 2000000)")
    parser.add_argument("--runs", type=int, default=5, help="the best of so many counts (default: 5)")
    parser.add_argument("--full", action="store_true", help="growth up to 20 million records: 15 GB of disk")
    parser.add_argument("--scale", type=float, default=1.0, help="makes the growth series smaller: 0.01 for a quick look")
    parser.add_argument("--binary", default=os.environ.get("MILLRACE_BINARY", str(BUILD / "release" / "millrace")))
    parser.add_argument("--python", default=str(BUILD / "bench" / "venv" / "bin" / "python"), help="runs the peers in Python")
    parser.add_argument("--data", default=str(BUILD / "bench" / "data"), help="folder for events and results")
    parser.add_argument("--json", metavar="FILE", help="write every number to this file")
    parser.add_argument("--update-readme", action="store_true", help="put the tables into Benchmarks/README.md")
    chosen = parser.parse_args()
    unknown = [name for name in chosen.sections if name not in SECTIONS]
    if unknown:
        parser.error(f"no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    if (chosen.records or 1) < 1 or chosen.runs < 1 or not 0 < chosen.scale <= 1:
        parser.error("--records and --runs start at 1, --scale lies in 0 … 1")
    chosen.sections = chosen.sections or SECTIONS
    return chosen


def main() -> int:
    chosen = options()
    if not os.access(chosen.python, os.X_OK):
        chosen.python = sys.executable
    os.makedirs(chosen.data, exist_ok=True)
    scratch = tempfile.mkdtemp(prefix="run-", dir=chosen.data)
    results: dict = {"machine": machine.describe()}
    print(machine.sentence(results["machine"]))
    try:
        return max([measure(section, chosen, scratch, results) for section in chosen.sections])
    finally:
        shutil.rmtree(scratch)
        if chosen.json:
            Path(chosen.json).write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def measure(section: str, chosen: argparse.Namespace, scratch: str, results: dict) -> int:
    """Measures one section and prints its table; 0 where all went well, as an exit code."""
    if section in workloads.names():
        return measure_workload(workloads.load(section), chosen, scratch, results)
    version = version_of(chosen.binary)
    if version is None:
        return 1
    if section == "w4":
        return measure_changes(chosen, scratch, results)
    if section == "w6":
        return measure_requests(chosen, scratch, results)
    if section in ("replay", "delivery"):
        return measure_one_side(section, chosen, scratch, results, version)
    if section == "expressions":
        return measure_expressions(chosen, version, scratch, results)
    if section == "growth":
        grown = [growth.measure(p, chosen.binary, min(chosen.runs, 3), chosen.data, scratch) for p in growth.points(chosen.full, chosen.scale)]
        results["growth"] = [asdict(measured) for measured in grown]
        publish("growth", f"{growth.table(grown)}\n\n{version}.", chosen, results)
    else:
        costs = startup.measure(chosen.binary, scratch)
        results["startup"] = {name: asdict(cost) for name, cost in costs.items()}
        publish("startup", f"{startup.table(costs)}\n\n{version}, best of {startup.RUNS}.", chosen, results)
    return 0


def measure_workload(work: compete.Workload | tables.TableWorkload, chosen: argparse.Namespace, scratch: str, results: dict) -> int:
    os.environ["MILLRACE_BINARY"] = chosen.binary
    if "millrace" in (chosen.only or ["millrace"]):
        version_of(chosen.binary)
    found, missing = peers.find(workloads.peers(work.name), chosen.python, chosen.only)
    for reason in missing:
        print(f"not measured: {reason}", file=sys.stderr)
    if not found:
        print("nothing to measure: no peer works here (make bench installs them)", file=sys.stderr)
        return 1
    if isinstance(work, tables.TableWorkload):
        return measure_tables(work, found, chosen, scratch, results)
    return measure_files(work, found, chosen, scratch, results)


def measure_files(work: compete.Workload, found: list[peers.Peer], chosen: argparse.Namespace, scratch: str, results: dict) -> int:
    records = chosen.records or work.records
    source, digest = work.events(records, chosen.data)
    standings = compete.compete(work, source, found, chosen.runs, scratch)
    results[work.name] = {"records": records, "bytes": os.path.getsize(source), "sha256": digest, "peers": compete.as_json(standings)}
    heading = (
        f"{report.count(records)} events, {report.count(os.path.getsize(source))} bytes, sha256 `{digest[:16]}…`; "
        f"best of {chosen.runs} in turns; every result was compared record by record."
    )
    failed = tell_problems(standings, chosen)
    publish(work.name, f"{compete.table(standings, records)}\n\n{heading}", chosen, results)
    return failed


def measure_tables(work: tables.TableWorkload, found: list[peers.Peer], chosen: argparse.Namespace, scratch: str, results: dict) -> int:
    rows = chosen.records or work.rows
    variants = [variant for variant in work.variants if variant.name in (chosen.variant or [variant.name])]
    source, said = work.source(rows, chosen.data)
    failed = 0
    try:
        with postgres.Server() as server:
            compete.note(f"{work.name}: the tables")
            work.set_up(server, source, rows)
            for variant in variants:
                standings = tables.compete(work, variant, source, found, chosen.runs, scratch, server)
                name = f"{work.name}-{variant.name}"
                results[name] = {"rows": rows, "postgres": server.version, "peers": tables.as_json(standings)}
                heading = (
                    f"{variant.title}: {report.count(rows)} rows, {said}; PostgreSQL {server.version}; best of {chosen.runs} in turns; "
                    "after every run the server compared the table row by row."
                )
                failed = max(failed, tell_problems(standings, chosen))
                publish(name, f"{tables.table(standings, rows)}\n\n{heading}", chosen, results)
    except postgres.Missing as error:
        print(f"not measured: {error}", file=sys.stderr)
        return 1
    return failed


def measure_changes(chosen: argparse.Namespace, scratch: str, results: dict) -> int:
    os.environ["MILLRACE_BINARY"] = chosen.binary
    found, missing = peers.find(HERE / "w4" / "peers", chosen.python, chosen.only)
    for reason in missing:
        print(f"not measured: {reason}", file=sys.stderr)
    backlog = (chosen.records or changes.BACKLOG) // 10 * 10
    try:
        standings, version = changes.competing(found, scratch, lambda target: target in (chosen.variant or [target]), backlog)
    except postgres.Missing as error:
        print(f"not measured: {error}", file=sys.stderr)
        return 1
    results["w4"] = {"backlog": backlog, "postgres": version, "peers": [asdict(standing) for standing in standings]}
    problems = [f"{standing.peer.title}, into {standing.target}: {problem}" for standing in standings for problem in standing.problems]
    if problems:
        print("\n".join(problems), file=sys.stderr)
        chosen.update_readme = False
    heading = (
        f"A backlog of {report.count(backlog)} changes, and {changes.SECONDS} s at each pace; PostgreSQL {version}; after each, source and "
        "target were compared row by row, and a peer with a difference gets no row."
    )
    publish("w4", f"{changes.table(standings, backlog)}\n\n{heading}", chosen, results)
    return 1 if problems else 0


def measure_requests(chosen: argparse.Namespace, scratch: str, results: dict) -> int:
    os.environ["MILLRACE_BINARY"] = chosen.binary
    found, missing = peers.find(HERE / "w6" / "peers", chosen.python, chosen.only)
    for reason in missing:
        print(f"not measured: {reason}", file=sys.stderr)
    standings = requests.measure(found, scratch)
    results["w6"] = [asdict(standing) for standing in standings]
    problems = [f"{standing.peer.title}: {standing.problem}" for standing in standings if standing.problem]
    if problems:
        print("\n".join(problems), file=sys.stderr)
        chosen.update_readme = False
    heading = f"wrk on one thread, keep-alive, {requests.SECONDS} s each, in turns; a server with an answer other than 2xx gets no row."
    publish("w6", f"{requests.table(standings)}\n\n{heading}", chosen, results)
    return 1 if problems else 0


def measure_one_side(section: str, chosen: argparse.Namespace, scratch: str, results: dict, version: str) -> int:
    """The log read again, or events sent as requests, which other programs of W6 do not do."""
    os.environ["MILLRACE_BINARY"] = chosen.binary
    name = "millrace" if section == "replay" else "nginx"
    found, missing = peers.find(HERE / "w6" / "peers", chosen.python, [name])
    if not found:
        print("\n".join(f"not measured: {reason}" for reason in missing), file=sys.stderr)
        return 1
    if section == "replay":
        replayed = replay.measure(found[0], chosen.binary, scratch)
        results["replay"] = asdict(replayed)
        publish("replay", f"{replay.table(replayed)}\n\n{version}, best of {replay.RUNS}.", chosen, results)
    else:
        delivered = delivery.measure(found[0], chosen.binary, scratch)
        results["delivery"] = {count: asdict(one) for count, one in delivered.items()}
        heading = f"{version}, {found[0].title} {found[0].version}; {report.count(delivery.EVENTS)} events, best of {delivery.RUNS} in turns."
        publish("delivery", f"{delivery.table(delivered)}\n\n{heading}", chosen, results)
    return 0


def measure_expressions(chosen: argparse.Namespace, version: str, scratch: str, results: dict) -> int:
    found, missing = peers.find(HERE / "expressions" / "peers", chosen.python, chosen.only)
    for reason in missing:
        print(f"not measured: {reason}", file=sys.stderr)
    standings = evaluations.compare(chosen.binary, version, found, chosen.runs, chosen.data, scratch)
    results["expressions"] = [asdict(standing) for standing in standings]
    problems = [f"{standing.title}: {problem}" for standing in standings for problem in standing.problems]
    if problems:
        print("\n".join(problems), file=sys.stderr)
    versions = ", ".join(f"{standing.title} {standing.version}" for standing in standings)
    heading = f"{versions}; processor time of one evaluation, best of {chosen.runs}; values were compared row by row."
    publish("expressions", f"{evaluations.table(standings)}\n\n{heading}", chosen, results)
    return 1 if problems else 0


def tell_problems(standings: list[compete.Standing], chosen: argparse.Namespace) -> int:
    problems = [f"{standing.peer.title}: {problem}" for standing in standings for problem in standing.problems]
    if problems:
        print("\n".join(problems), file=sys.stderr)
        chosen.update_readme = False
    return 1 if problems else 0


def version_of(binary: str) -> str | None:
    """What the binary says of itself; None, and a sentence to the user, where there is none."""
    try:
        answer = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True)
        return f"Millrace {answer.stdout.strip().removeprefix('millrace ')}"
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"no Millrace at {binary} ({error}); build it with `make build` or name it with --binary", file=sys.stderr)
        return None


def publish(section: str, text: str, chosen: argparse.Namespace, results: dict) -> None:
    print(f"\n{text}\n", flush=True)
    if chosen.update_readme:
        report.replace(HERE / "README.md", section, f"{machine.sentence(results['machine'])}.\n\n{text}")


if __name__ == "__main__":
    sys.exit(main())
