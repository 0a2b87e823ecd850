"""Workloads that end in a table of PostgreSQL: before each run the tables are put back, and after each the server compares
every row with what must be there."""

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field

from harness import report
from harness.compete import Standing, note
from harness.compete import as_json as compete_as_json
from harness.measure import Failed, run
from harness.peers import Peer
from harness.postgres import Server, SQLFailed

SHOWN_DIFFERENCES = 3


@dataclass(frozen=True)
class Variant:
    """One task of a workload: what is loaded, and how."""

    # As the peers are told it: `csv-upsert`.
    name: str
    title: str
    # Statements that put the target back to what a run starts from.
    prepare: str


@dataclass(frozen=True)
class TableWorkload:
    name: str
    title: str
    # The table that is filled, and the one that it must equal; both have the key `id`.
    target: str
    expected: str
    variants: tuple[Variant, ...]
    # Rows and the folder for data → what peers read (a path, or a text), and what is said of it in the table.
    source: Callable[[int, str], tuple[str, str]]
    # Makes all tables and fills `expected`: the server, and what peers read.
    set_up: Callable[[Server, str, int], None]
    # How many rows, where nobody says.
    rows: int


@dataclass
class TableStanding(Standing):
    # The server's own CPU time, of each run.
    server_s: list[float] = field(default_factory=list)

    @property
    def least_server_s(self) -> float:
        return min(self.server_s)


def compete(work: TableWorkload, variant: Variant, source: str, peers: list[Peer], runs: int, scratch: str, server: Server) -> list[TableStanding]:
    """Runs every peer that does the variant, in turns."""
    standings = [TableStanding(peer) for peer in peers if not peer.variants or variant.name in peer.variants]
    for number in range(1, runs + 1):
        for standing in standings:
            if not standing.problems:
                note(f"{variant.name}, run {number} of {runs}: {standing.peer.title}")
                one_run(standing, work, variant, source, scratch, server)
    return standings


def one_run(standing: TableStanding, work: TableWorkload, variant: Variant, source: str, scratch: str, server: Server) -> None:
    server.sql(f"{variant.prepare};\nVACUUM (ANALYZE) {work.target};\nCHECKPOINT")
    folder = tempfile.mkdtemp(dir=scratch)
    try:
        environment = {**os.environ, "DATABASE_URL": server.url, "PSQL": os.path.join(server.programs, "psql"), "SCRATCH": folder}
        before = server.cpu_s()
        cost = run([*standing.peer.command, variant.name, source], os.path.join(folder, "log"), environment)
        standing.server_s.append(server.cpu_s() - before)
        standing.costs.append(cost)
        standing.problems = differences(work, server)
    except (Failed, OSError, SQLFailed) as error:
        standing.problems.append(str(error))
    finally:
        shutil.rmtree(folder)


def differences(work: TableWorkload, server: Server) -> list[str]:
    """What is wrong with the target, row by row: nothing, or a few sentences."""
    compared = f"{work.target} t FULL JOIN {work.expected} e USING (id) WHERE t IS DISTINCT FROM e"
    count = int(server.sql(f"SELECT count(*) FROM {compared}"))
    if count == 0:
        return []
    rows = server.sql(f"SELECT 'expected ' || coalesce(e::text, 'no row') || ', got ' || coalesce(t::text, 'none') FROM {compared} LIMIT {SHOWN_DIFFERENCES}")
    return [f"{count} rows differ", *rows.splitlines()]


def table(standings: list[TableStanding], rows: int) -> str:
    """A row a peer, fastest first; "wall ×" says how many times more than Millrace it needs."""
    done = sorted((s for s in standings if s.costs and not s.problems), key=lambda s: s.wall_s)
    own = next((s for s in done if s.peer.name == "millrace"), None)
    columns = ["", "version", "rows/s", "wall s", "CPU s", "server CPU s", "peak MiB", "wall ×"]
    lines = [
        [
            s.peer.title,
            s.peer.version,
            report.count(rows / s.wall_s),
            f"{s.wall_s:.2f}",
            f"{s.cpu_s:.2f}",
            f"{s.least_server_s:.2f}",
            report.mebibytes(s.peak_kib),
            report.ratio(own and s.wall_s / own.wall_s),
        ]
        for s in done
    ]
    return report.table(columns, lines)


def as_json(standings: list[TableStanding]) -> list[dict]:
    return [{**one, "server_s": standing.server_s} for one, standing in zip(compete_as_json(standings), standings)]
