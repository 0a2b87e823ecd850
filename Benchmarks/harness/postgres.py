"""A PostgreSQL server for a benchmark, in a folder of its own, on this machine."""

import glob
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from datetime import datetime

# Everything else is as PostgreSQL ships it: fsync, full-page writes and synchronous commits are on.
SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "8GB", "listen_addresses": "", "autovacuum": "off"}
# The processes that end with their clients.
ENDING = "('client backend', 'walsender', 'logical replication worker')"
# What pg_waldump says of a commit: the transaction, when it was, and the transactions inside of it.
COMMIT = re.compile(r"tx: +(\d+),.* desc: COMMIT (\S+ \S+) UTC(?:.*; subxacts:((?: \d+)*))?")
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


class Missing(Exception):
    """There is no PostgreSQL here."""


class SQLFailed(Exception):
    """A statement failed; the text says why."""


class Server:
    """Runs while the `with` block does."""

    def __init__(self, **settings: str) -> None:
        self.settings = {**SETTINGS, **settings}

    def __enter__(self) -> "Server":
        self.programs = programs()
        self.folder = tempfile.mkdtemp(prefix="bench-pg-")
        self.user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        shutil.chown(self.folder, self.user)
        self.data = os.path.join(self.folder, "data")
        options = " ".join(f"-c {name}='{value}'" for name, value in {**self.settings, "unix_socket_directories": self.folder}.items())
        self.call("initdb", "-D", self.data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8")
        self.call("pg_ctl", "-D", self.data, "-w", "-l", os.path.join(self.folder, "log"), "-o", options, "start")
        os.chmod(self.folder, 0o755)
        return self

    def __exit__(self, *_: object) -> None:
        self.call("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder)

    def call(self, program: str, *arguments: str) -> None:
        # To a file, not through a pipe: the server that pg_ctl starts would keep the pipe open.
        log = os.path.join(self.folder, "calls")
        with open(log, "ab") as file:
            as_user = {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []} if os.getuid() == 0 else {}
            subprocess.run(
                [os.path.join(self.programs, program), *arguments], cwd="/", check=True, stdin=subprocess.DEVNULL, stdout=file, stderr=file, **as_user
            )

    @property
    def url(self) -> str:
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        port = f"&port={self.settings['port']}" if "port" in self.settings else ""
        return f"postgresql://postgres@/{database}?host={self.folder}{port}"

    @property
    def version(self) -> str:
        return self.sql("SHOW server_version").split()[0]

    def sql(self, statements: str, database: str = "postgres") -> str:
        """What psql prints for the statements, unaligned and without headers; raises where one fails."""
        answer = subprocess.run(
            [os.path.join(self.programs, "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", self.url_of(database)],
            input=statements, capture_output=True, text=True,
        )
        if answer.returncode != 0:
            raise SQLFailed(answer.stderr.strip())
        return answer.stdout.strip()

    def psql(self, database: str) -> subprocess.Popen:
        """One that answers a statement on each line, as often as it is asked."""
        return subprocess.Popen(
            [os.path.join(self.programs, "psql"), "-XAtq", self.url_of(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )

    def commits_since(self, place: str) -> dict[int, float]:
        """When each transaction that was committed since that place of the log was, in seconds since 1970; before the log
        was made durable, where the client waited for that."""
        # What nobody waited for is in the log only then.
        self.sql("CHECKPOINT")
        end = self.sql("SELECT pg_current_wal_flush_lsn()")
        # Without their names any file of the folder is looked into for the size of all, one that was made ahead as well.
        segments = [self.sql(f"SELECT pg_walfile_name('{at}')") for at in (place, end)]
        dump = subprocess.run(
            [os.path.join(self.programs, "pg_waldump"), "-p", os.path.join(self.data, "pg_wal"), "-s", place, "-r", "Transaction",
             "-e", end, *segments],
            capture_output=True, text=True, env={**os.environ, "TZ": "UTC"},
        )  # fmt: skip
        if dump.returncode != 0:
            raise SQLFailed(f"pg_waldump: {dump.stderr.strip()}")
        times: dict[int, float] = {}
        for transaction, at, parts in COMMIT.findall(dump.stdout):
            seconds = datetime.strptime(f"{at}+0000", "%Y-%m-%d %H:%M:%S.%f%z").timestamp()
            times |= {int(part): seconds for part in [transaction, *parts.split()]}
        return times

    def cpu_s(self) -> float:
        """User and system time of the server and all its processes that have ended, as those of clients do shortly after them."""
        while self.sql(f"SELECT count(*) FROM pg_stat_activity WHERE backend_type IN {ENDING}") != "1":
            time.sleep(0.02)
        # They leave the list a moment before they have ended and are counted.
        time.sleep(0.2)
        with open(os.path.join(self.data, "postmaster.pid"), encoding="utf-8") as file:
            process = file.readline().strip()
        with open(f"/proc/{process}/stat", encoding="utf-8") as file:
            fields = file.read().rpartition(")")[2].split()
        # utime, stime, cutime, cstime: the fields 14 to 17 of proc(5), of which two stand before the bracket.
        return sum(int(field) for field in fields[11:15]) / TICKS_A_SECOND


def programs() -> str:
    """The folder of the newest server's programs."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]))
    found = [path for path in found if os.access(os.path.join(path, "initdb"), os.X_OK)]
    if found:
        return found[-1]
    beside = shutil.which("initdb")
    if beside:
        return os.path.dirname(beside)
    raise Missing("no PostgreSQL server is installed (Debian: postgresql)")
