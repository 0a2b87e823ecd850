"""W4: the changes of a table, followed: how fast a backlog is drained, and how late changes are that come at a pace."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from harness import measure, postgres, report
from harness.peers import Peer

HERE = Path(__file__).parent
BACKLOG = 300_000
# Changes a second → how many of them are one transaction.
PACES = {1_000: 1, 10_000: 10}
SECONDS = 10
IDLE_SECONDS = 3
# How often a file is looked at, in seconds: what is found late by less than this is not known better.
GLANCE_S = 0.0005
# The id of the tick with the number 0; those of the others follow.
FIRST_TICK = 10_000_000
TICK = re.compile(rb'"id": ?(1\d{7})\b')
TIMEOUT_S = 90
TARGETS = ("postgres", "file")


@dataclass(frozen=True)
class Latency:
    p50_ms: float
    p99_ms: float
    # How many changes a second arrived from the first to the last.
    arrived_s: float


@dataclass
class Standing:
    peer: Peer
    target: str
    drained_s: float = 0.0
    # Of the peer while it drained, and of the server's processes.
    cpu_s: float = 0.0
    server_s: float = 0.0
    peak_kib: int = 0
    # Of a core, while nothing came.
    idle: float = 0.0
    paces: dict[int, Latency] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def competing(peers: list[Peer], scratch: str, chosen: Callable[[str], bool], backlog: int) -> tuple[list[Standing], str]:
    """Every peer with every target that it has, and the server's version."""
    standings = [Standing(peer, target) for target in TARGETS if chosen(target) for peer in peers if target in (peer.variants or TARGETS)]
    settings = {
        "wal_level": "logical", "max_replication_slots": "20", "max_wal_senders": "20", "listen_addresses": "127.0.0.1",
        # What was committed when is read off the log.
        "wal_keep_size": "4GB",
    }  # fmt: skip
    with postgres.Server(**settings, port=str(free_port())) as server:
        say("the changes to drain")
        prepare(server, backlog)
        for standing in standings:
            say(f"into {standing.target}: {standing.peer.title}")
            attempt(standing, server, lambda: drain(standing, server, scratch, backlog))
        server.sql("SELECT pg_drop_replication_slot('backlog')", "origin")
        for standing in standings:
            for pace in PACES:
                if not standing.problems:
                    say(f"{pace} a second into {standing.target}: {standing.peer.title}")
                    attempt(standing, server, lambda: follow(standing, pace, server, scratch))
        return standings, server.version


def attempt(standing: Standing, server: postgres.Server, work: Callable[[], None]) -> None:
    """Does it, and leaves nothing behind that the next one would stumble over."""
    try:
        work()
    except (Refused, OSError, postgres.SQLFailed) as error:
        standing.problems.append(str(error))
    finally:
        clean_up(server)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Refused(Exception):
    """The peer does not do its work."""


def say(text: str) -> None:
    print(f"… {text}", file=sys.stderr, flush=True)


# MARK: - The two databases


def prepare(server: postgres.Server, backlog: int) -> None:
    """The slot `backlog` keeps the changes between the databases `seed` and `origin`: every peer drains a copy of it."""
    server.sql("CREATE DATABASE origin")
    server.sql((HERE / "set-up.sql").read_text(encoding="utf-8"), "origin")
    server.sql("CREATE DATABASE seed TEMPLATE origin")
    server.sql("DROP PUBLICATION w4", "seed")
    server.sql("SELECT pg_create_logical_replication_slot('backlog', 'pgoutput')", "origin")
    server.sql(f"SET synchronous_commit = off; CALL load({backlog}); VACUUM goods", "origin")


def fresh(server: postgres.Server, template: str, slot: str) -> None:
    """A target as the source was, and the slot of a run."""
    busy = "SELECT count(*) FROM pg_stat_activity WHERE datname IN ('origin', 'seed', 'copy')"
    wait(lambda: server.sql(busy) == "0", "somebody is still connected")
    server.sql(f"CREATE DATABASE copy TEMPLATE {template}")
    server.sql("DROP PUBLICATION IF EXISTS w4", "copy")
    server.sql(slot, "origin")
    server.sql("CHECKPOINT")


def clean_up(server: postgres.Server) -> None:
    """Removes the copy and the slot of a run, and what is still connected to them."""
    if server.sql("SELECT count(*) FROM pg_database WHERE datname = 'copy'") == "1":
        for name in server.sql("SELECT subname FROM pg_subscription", "copy").split():
            server.sql(f"ALTER SUBSCRIPTION {name} DISABLE; ALTER SUBSCRIPTION {name} SET (slot_name = NONE); DROP SUBSCRIPTION {name}", "copy")
        server.sql("DROP DATABASE copy WITH (FORCE)")
    server.sql("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = 'w4' AND active")
    wait(lambda: server.sql("SELECT count(*) FROM pg_replication_slots WHERE active") == "0", "the slot is still in use")
    server.sql("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'w4'", "origin")


def differences(server: postgres.Server) -> list[str]:
    """What the target has otherwise than the source."""
    query = "COPY (SELECT * FROM goods ORDER BY id) TO STDOUT"
    origin, copy = (server.sql(query, database).splitlines() for database in ("origin", "copy"))
    count = len(set(origin) ^ set(copy))
    return [f"{count} rows differ between source and target"] if count or len(origin) != len(copy) else []


def wait(until: Callable[[], bool], complaint: str, seconds: float = TIMEOUT_S, pause: float = 0.02) -> None:
    end = time.monotonic() + seconds
    while not until():
        if time.monotonic() > end:
            raise Refused(complaint)
        time.sleep(pause)


# MARK: - A run of a peer


class Run:
    """A peer at work, until the `with` block ends."""

    def __init__(self, standing: Standing, server: postgres.Server, scratch: str) -> None:
        self.folder = tempfile.mkdtemp(dir=scratch)
        self.log = os.path.join(self.folder, "log")
        self.result = os.path.join(self.folder, "result.ndjson")
        environment = {
            **os.environ, "SOURCE_URL": server.url_of("origin"), "TARGET_URL": server.url_of("copy"), "SCRATCH": self.folder,
            "RESULT": self.result, "SOURCE_TCP_URL": f"postgresql://postgres@127.0.0.1:{server.settings['port']}/origin",
        }  # fmt: skip
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([*standing.peer.command, standing.target], env=environment, stdout=log, stderr=log, start_new_session=True)

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder)

    def check(self) -> None:
        if self.process.poll() is not None:
            raise Refused(f"ended with {self.process.returncode}: {measure.tail(self.log)}")

    @property
    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return sum(int(field) for field in fields[11:13]) / postgres.TICKS_A_SECOND

    @property
    def peak_kib(self) -> int:
        return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8"))[1])


class Table:
    """The target's table, looked at seldom, so that looking costs nothing that counts: when something was committed stands
    in the server's log."""

    glance_s = 0.05

    def __init__(self, server: postgres.Server) -> None:
        self.server = server
        self.psql = server.psql("copy")

    def last_tick(self) -> int:
        self.psql.stdin.write(b"SELECT max(id) FROM goods;\n")
        return int(self.psql.stdout.readline())

    def times(self, log: dict[int, float], first: int) -> dict[int, float]:
        return commits(self.server, "copy", log, first)

    def close(self) -> None:
        self.psql.stdin.close()
        self.psql.wait()


class Lines:
    """The target's file, of which what is new is read at each look."""

    glance_s = GLANCE_S

    def __init__(self, path: str) -> None:
        self.path = path
        self.file = None
        self.rest = b""
        self.last = 0
        self.seen: dict[int, float] = {}

    def last_tick(self) -> int:
        if self.file is None and os.path.exists(self.path):
            self.file = open(self.path, "rb", buffering=0)
        if not self.file or not (piece := self.file.read(16 << 20)):
            return self.last
        now = time.time()
        lines, _, self.rest = (self.rest + piece).rpartition(b"\n")
        for number in TICK.findall(lines):
            self.last = max(self.last, int(number))
            self.seen.setdefault(int(number), now)
        return self.last

    def times(self, log: dict[int, float], first: int) -> dict[int, float]:
        return {tick: at for tick, at in self.seen.items() if tick >= first}

    def close(self) -> None:
        if self.file:
            self.file.close()


def commits(server: postgres.Server, database: str, log: dict[int, float], first: int) -> dict[int, float]:
    """When each tick was committed, in seconds since 1970."""
    rows = server.sql(f"SELECT id, xmin FROM goods WHERE id >= {first}", database)
    written = {int(tick): int(transaction) for tick, transaction in (line.split("|") for line in rows.splitlines())}
    return {tick: log[transaction] for tick, transaction in written.items() if transaction in log}


def looks_at(standing: Standing, run: Run, server: postgres.Server) -> Table | Lines:
    return Table(server) if standing.target == "postgres" else Lines(run.result)


def arrives(tick: int, looks: Table | Lines, run: Run) -> None:
    """Waits until the target has the tick, and all before it."""
    wait(lambda: run.check() or looks.last_tick() >= tick, f"tick {tick - FIRST_TICK} has not arrived", pause=looks.glance_s)


# MARK: - Draining


def drain(standing: Standing, server: postgres.Server, scratch: str, backlog: int) -> None:
    fresh(server, "seed", "SELECT pg_copy_logical_replication_slot('backlog', 'w4')")
    server_before = server.cpu_s()
    begin = time.monotonic()
    with Run(standing, server, scratch) as run:
        looks = looks_at(standing, run, server)
        arrives(FIRST_TICK + backlog, looks, run)
        standing.drained_s = time.monotonic() - begin
        looks.close()
        standing.cpu_s, standing.peak_kib = run.cpu_s, run.peak_kib
        time.sleep(1)
        idle_before = run.cpu_s
        time.sleep(IDLE_SECONDS)
        standing.idle = (run.cpu_s - idle_before) / IDLE_SECONDS
    standing.server_s = server.cpu_s() - server_before
    if standing.target == "postgres":
        standing.problems += differences(server)


# MARK: - Following


def follow(standing: Standing, pace: int, server: postgres.Server, scratch: str) -> None:
    fresh(server, "origin", "SELECT pg_create_logical_replication_slot('w4', 'pgoutput')")
    start = server.sql("SELECT pg_current_wal_flush_lsn()")
    first = tick(server)
    with Run(standing, server, scratch) as run:
        looks = looks_at(standing, run, server)
        arrives(first, looks, run)
        writing = threading.Thread(target=write, args=(server, pace))
        writing.start()
        while writing.is_alive():
            looks.last_tick()
            time.sleep(looks.glance_s)
        # So that nothing comes behind what is waited for.
        last = tick(server)
        arrives(last, looks, run)
        looks.close()
    log = server.commits_since(start)
    written, shown = commits(server, "origin", log, first + 1), looks.times(log, first + 1)
    if written.keys() == shown.keys():
        standing.paces[pace] = latency(written, shown, last)
    else:
        standing.problems.append(f"{len(written.keys() ^ shown.keys())} ticks are not there on both sides")
    if standing.target == "postgres":
        standing.problems += differences(server)


def tick(server: postgres.Server) -> int:
    """Writes changes up to the next tick."""
    return int(server.sql("SELECT changes((10 - last_value % 10)::int) FROM numbers; SELECT max(id) FROM goods", "origin").split()[-1])


def write(server: postgres.Server, pace: int) -> None:
    """A client that begins its transactions when their time has come, as far as a Poisson process gives it. Each is durable
    when it has ended: a server sends what is on its disk, and what is committed without waiting for that may come there a
    fifth of a second later."""
    script = os.path.join(server.folder, "pace.sql")
    Path(script).write_text(f"SELECT changes({PACES[pace]});\n", encoding="utf-8")
    subprocess.run(
        [os.path.join(server.programs, "pgbench"), "-n", "-M", "prepared", "-c", "1", "--random-seed", "42", "-R", str(pace // PACES[pace]),
         "-T", str(SECONDS), "-f", script, server.url_of("origin")],
        capture_output=True, check=True,
    )  # fmt: skip


def latency(written: dict[int, float], shown: dict[int, float], last: int) -> Latency:
    """Of each tick but the last, from its commit in the source to the one in the target, or to the look that found it."""
    ticks = sorted(written.keys() - {last})
    late = sorted((shown[tick] - written[tick]) * 1_000 for tick in ticks)
    took = max(shown[tick] for tick in ticks) - written[ticks[0]]
    return Latency(late[len(late) // 2], late[len(late) * 99 // 100], (ticks[-1] - ticks[0]) / took)


# MARK: - What is said


def table(standings: list[Standing], backlog: int) -> str:
    columns = ["into", "", "version", "changes/s", "CPU s", "server CPU s", "peak MiB", "idle %",
               *(f"p50/p99 ms at {report.count(pace)}/s" for pace in PACES)]  # fmt: skip
    done = sorted((s for s in standings if not s.problems), key=lambda s: (TARGETS.index(s.target), s.drained_s))
    rows = [
        [
            s.target, s.peer.title, s.peer.version, report.count(backlog / s.drained_s), f"{s.cpu_s:.2f}", f"{s.server_s:.2f}",
            report.mebibytes(s.peak_kib), f"{s.idle * 100:.1f}", *(shown(s.paces[pace], pace) for pace in PACES),
        ]
        for s in done
    ]  # fmt: skip
    return report.table(columns, rows)


def shown(late: Latency, pace: int) -> str:
    text = f"{late.p50_ms:.1f} / {late.p99_ms:.1f}"
    # What is not kept up with gets later and later.
    return text if late.arrived_s > pace * 0.9 else f"{text} ({report.count(late.arrived_s)}/s)"
