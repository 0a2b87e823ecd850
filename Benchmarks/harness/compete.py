"""A workload from file to file, all peers, in turns: each run of one is followed by a run of the next, so that all meet the same weather."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from harness import compare, report
from harness.measure import Cost, Failed, run
from harness.peers import Peer

@dataclass(frozen=True)
class Workload:
    name: str
    title: str
    # Records and the folder for data → the path of the events and their SHA-256.
    events: Callable[[int, str], tuple[str, str]]
    # What one event must become; None where it is left out.
    expected: Callable[[dict], dict | None]
    # How many events, where nobody says.
    records: int = 1_000_000


@dataclass
class Standing:
    """What became of one peer."""

    peer: Peer
    costs: list[Cost] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def wall_s(self) -> float:
        return min(cost.wall_s for cost in self.costs)

    @property
    def cpu_s(self) -> float:
        return min(cost.cpu_s for cost in self.costs)

    @property
    def peak_kib(self) -> int:
        return max(cost.peak_kib for cost in self.costs)


def compete(workload: Workload, source: str, peers: list[Peer], runs: int, scratch: str) -> list[Standing]:
    """Runs every peer `runs` times over the file `source` and compares what each writes in its first run."""
    note("what the result must be")
    wanted = compare.digests(source, workload.expected)
    standings = [Standing(peer) for peer in peers]
    for number in range(1, runs + 1):
        for standing in standings:
            if not standing.problems:
                note(f"run {number} of {runs}: {standing.peer.title}")
                one_run(standing, workload, source, wanted, scratch, verify=number == 1)
    return standings


def one_run(standing: Standing, workload: Workload, source: str, wanted: list[bytes], scratch: str, verify: bool) -> None:
    folder = tempfile.mkdtemp(dir=scratch)
    result = os.path.join(folder, "result.ndjson")
    try:
        warm(source)
        cost = run([*standing.peer.command, source, result], os.path.join(folder, "log"))
        if verify:
            standing.problems = compare.differences(wanted, source, workload.expected, result, standing.peer.ordered)
        standing.costs.append(cost)
    except (Failed, OSError) as error:
        standing.problems.append(str(error))
    finally:
        shutil.rmtree(folder)


def warm(path: str) -> None:
    """Reads a file, so that all of it stands in the page cache: a system may have taken out what was not read for a while."""
    with open(path, "rb", buffering=0) as file:
        while file.read(1 << 20):
            pass


def note(text: str) -> None:
    print(f"… {text}", file=sys.stderr, flush=True)


def table(standings: list[Standing], records: int) -> str:
    """A row a peer, fastest first; the ratios say how many times more than Millrace it needs."""
    done = sorted((s for s in standings if s.costs and not s.problems), key=lambda s: s.wall_s)
    own = next((s for s in done if s.peer.name == "millrace"), None)
    columns = ["", "version", "records/s", "wall s", "CPU s", "CPU ns/record", "peak MiB", "wall ×", "CPU ×"]
    rows = [
        [
            s.peer.title,
            s.peer.version,
            report.count(records / s.wall_s),
            f"{s.wall_s:.2f}",
            f"{s.cpu_s:.2f}",
            report.count(s.cpu_s / records * 1e9),
            report.mebibytes(s.peak_kib),
            report.ratio(own and s.wall_s / own.wall_s),
            report.ratio(own and s.cpu_s / own.cpu_s),
        ]
        for s in done
    ]
    return report.table(columns, rows)


def as_json(standings: list[Standing]) -> list[dict]:
    return [
        {
            "name": s.peer.name,
            "title": s.peer.title,
            "version": s.peer.version,
            "ordered": s.peer.ordered,
            "runs": [asdict(cost) for cost in s.costs],
            "problems": s.problems,
        }
        for s in standings
    ]
