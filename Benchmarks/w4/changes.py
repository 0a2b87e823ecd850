"""W4: the changes of a table, followed: how fast a backlog is drained, and how late changes are that come at a pace."""

import bisect
import json
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
SECONDS = 6
IDLE_SECONDS = 3
# How often it is looked what the target shows, in seconds: what is found late by less than this is not known better.
GLANCE_S = 0.0003
TIMEOUT_S = 60
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
    settings = {"wal_level": "logical", "max_replication_slots": "20", "max_wal_senders": "20", "listen_addresses": "127.0.0.1"}
    with postgres.Server(**settings, port=str(free_port())) as server:
        say("the changes to drain")
        prepare(server, backlog)
        for standing in standings:
            say(f"into {standing.target}: {standing.peer.title}")
            try:
                drain(standing, server, scratch, backlog)
            except (Refused, OSError, postgres.SQLFailed) as error:
                standing.problems.append(str(error))
        server.sql("SELECT pg_drop_replication_slot('backlog')", "origin")
        for standing in standings:
            for pace in PACES:
                if standing.problems:
                    continue
                say(f"{pace} a second into {standing.target}: {standing.peer.title}")
                try:
                    follow(standing, pace, server, scratch)
                except (Refused, OSError, postgres.SQLFailed) as error:
                    standing.problems.append(str(error))
        return standings, server.version


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
    server.sql("DROP DATABASE IF EXISTS copy")
    server.sql(f"CREATE DATABASE copy TEMPLATE {template}")
    server.sql("DROP PUBLICATION IF EXISTS w4", "copy")
    server.sql(slot, "origin")
    server.sql("CHECKPOINT")


def let_go(server: postgres.Server) -> None:
    """Removes the slot of a run, once the server has noticed that nobody reads from it."""
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


class Looks:
    """What the target shows: the number of the last tick."""

    def __init__(self, run: Run, server: postgres.Server, target: str) -> None:
        self.run = run
        self.seen = 0
        self.file = None
        self.rest = b""
        self.psql = server.psql("copy") if target == "postgres" else None

    def look(self) -> int:
        if self.psql:
            self.psql.stdin.write(b"SELECT seq FROM goods WHERE id = 0;\n")
            self.seen = int(self.psql.stdout.readline())
            return self.seen
        if self.file is None and os.path.exists(self.run.result):
            self.file = open(self.run.result, "rb", buffering=0)
        if self.file:
            lines = (self.rest + self.file.read(16 << 20)).split(b"\n")
            self.rest = lines.pop()
            for line in reversed(lines):
                if b'"id":0,' in line:
                    self.seen = int(json.loads(line)["seq"])
                    break
        return self.seen

    def close(self) -> None:
        if self.psql:
            self.psql.stdin.close()
            self.psql.wait()
        if self.file:
            self.file.close()


# MARK: - Draining


def drain(standing: Standing, server: postgres.Server, scratch: str, backlog: int) -> None:
    fresh(server, "seed", "SELECT pg_copy_logical_replication_slot('backlog', 'w4')")
    server_before = server.cpu_s()
    begin = time.monotonic()
    with Run(standing, server, scratch) as run:
        # Looked at seldom, so that looking costs the server nothing that counts.
        looks = Looks(run, server, standing.target)
        wait(lambda: run.check() or looks.look() == backlog, f"the target stands at {looks.look()} of {backlog}")
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
    let_go(server)


# MARK: - Following


def follow(standing: Standing, pace: int, server: postgres.Server, scratch: str) -> None:
    fresh(server, "origin", "SELECT pg_create_logical_replication_slot('w4', 'pgoutput')")
    # Until it is there, something must come.
    server.sql("TRUNCATE ticks; SELECT changes(10)", "origin")
    first = int(server.sql("SELECT max(seq) FROM ticks", "origin"))
    with Run(standing, server, scratch) as run:
        looks = Looks(run, server, standing.target)
        wait(lambda: run.check() or looks.look() >= first, "it does not begin to follow")
        seen: list[tuple[int, float]] = []
        writing = threading.Thread(target=write, args=(server, pace))
        writing.start()
        while writing.is_alive():
            note(looks, seen)
            time.sleep(GLANCE_S)
        # Up to a tick, so that nothing comes behind what is waited for.
        last = int(server.sql("SELECT changes((10 - last_value % 10)::int) FROM numbers; SELECT max(seq) FROM ticks", "origin").split()[-1])
        wait(lambda: run.check() or note(looks, seen) >= last, f"the target stands at {looks.look()} of {last}", pause=GLANCE_S)
        looks.close()
    ticks = [(int(seq), float(at)) for seq, at in (line.split("|") for line in server.sql(
        f"SELECT seq, extract(epoch FROM at) FROM ticks WHERE seq > {first} ORDER BY seq", "origin").splitlines())]  # fmt: skip
    standing.paces[pace] = latency(ticks, seen)
    if standing.target == "postgres":
        standing.problems += differences(server)
    let_go(server)


def note(looks: Looks, seen: list[tuple[int, float]]) -> int:
    number = looks.look()
    if not seen or number > seen[-1][0]:
        seen.append((number, time.time()))
    return number


def write(server: postgres.Server, pace: int) -> None:
    """A client that begins its transactions when their time has come, as far as a Poisson process gives it."""
    script = os.path.join(server.folder, "pace.sql")
    Path(script).write_text(f"SELECT changes({PACES[pace]});\n", encoding="utf-8")
    subprocess.run(
        [os.path.join(server.programs, "pgbench"), "-n", "-M", "prepared", "-c", "1", "--random-seed", "42", "-R", str(pace // PACES[pace]),
         "-T", str(SECONDS), "-f", script, server.url_of("origin")],
        env={**os.environ, "PGOPTIONS": "-c synchronous_commit=off"}, capture_output=True, check=True,
    )  # fmt: skip


def latency(ticks: list[tuple[int, float]], seen: list[tuple[int, float]]) -> Latency:
    """Of each tick, from its statement to the first look at a target that has it or a later one."""
    numbers = [number for number, _ in seen]
    late = sorted((seen[bisect.bisect_left(numbers, seq)][1] - at) * 1_000 for seq, at in ticks)
    span = seen[-1][1] - ticks[0][1]
    return Latency(late[len(late) // 2], late[len(late) * 99 // 100], (ticks[-1][0] - ticks[0][0]) / span)


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
