"""Python with psycopg2's replication protocol: pgoutput read by hand, transactions put together while more of them arrive, each
group stored as one delete and one upsert; the server hears of what is committed."""

import json
import os
import select
import signal
import sys

import psycopg2
from psycopg2.extras import LogicalReplicationConnection, execute_values

COLUMNS = ["id", "sku", "name", "price", "stock", "note", "seq", "changed_at"]
TYPES = ["int", "text", "text", "numeric", "int", "text", "bigint", "timestamptz"]
CASTS = "(" + ", ".join(f"%s::{kind}" for kind in TYPES) + ")"
UPSERT = (
    f"INSERT INTO goods ({', '.join(COLUMNS)}) VALUES %s ON CONFLICT (id) DO UPDATE SET "
    + ", ".join(f"{name} = EXCLUDED.{name}" for name in COLUMNS[1:])
)
# Changes that are stored together at most.
GROUP = 5_000


class Postgres:
    def __init__(self) -> None:
        self.connection = psycopg2.connect(os.environ["TARGET_URL"])
        self.rows: dict[str, list | None] = {}

    def add(self, key: str, row: list | None) -> None:
        self.rows[key] = row

    def store(self) -> None:
        with self.connection.cursor() as cursor:
            gone = [int(key) for key, row in self.rows.items() if row is None]
            if gone:
                cursor.execute("DELETE FROM goods WHERE id = ANY (%s)", (gone,))
            there = [row for row in self.rows.values() if row is not None]
            if there:
                execute_values(cursor, UPSERT, there, CASTS, page_size=GROUP)
        self.connection.commit()
        self.rows = {}


class File:
    def __init__(self) -> None:
        self.file = open(os.environ["RESULT"], "w", encoding="utf-8")

    def add(self, key: str, row: list | None) -> None:
        values = {"id": int(key)} if row is None else dict(zip(COLUMNS, [int(row[0]), *row[1:4], int(row[4]), row[5], int(row[6]), row[7]]))
        self.file.write(json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n")

    def store(self) -> None:
        self.file.flush()
        os.fdatasync(self.file.fileno())


def cells(data: bytes, at: int) -> tuple[list, int]:
    count = int.from_bytes(data[at : at + 2])
    at += 2
    row = []
    for _ in range(count):
        kind = data[at]
        at += 1
        if kind == 0x74:
            length = int.from_bytes(data[at : at + 4])
            row.append(data[at + 4 : at + 4 + length].decode())
            at += 4 + length
        else:
            row.append(None)
    return row, at


def main(target: Postgres | File) -> None:
    connection = psycopg2.connect(os.environ["SOURCE_URL"], connection_factory=LogicalReplicationConnection)
    cursor = connection.cursor()
    cursor.start_replication(slot_name="w4", options={"proto_version": "1", "publication_names": "w4"}, status_interval=10)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    changes, end = 0, 0
    while True:
        message = cursor.read_message()
        if message is None:
            if changes and end:
                target.store()
                cursor.send_feedback(flush_lsn=end, force=True)
                changes, end = 0, 0
            select.select([connection], [], [], 10)
            continue
        data = message.payload
        kind = data[0]
        if kind == 0x49:  # I
            row, _ = cells(data, 6)
            target.add(row[0], row)
        elif kind == 0x55:  # U
            at = 5
            if data[at] != 0x4E:
                _, at = cells(data, at + 1)
            row, _ = cells(data, at + 1)
            target.add(row[0], row)
        elif kind == 0x44:  # D
            row, _ = cells(data, 6)
            target.add(row[0], None)
        elif kind == 0x43:  # C
            end = int.from_bytes(data[10:18])
            if changes >= GROUP:
                target.store()
                cursor.send_feedback(flush_lsn=end, force=True)
                changes, end = 0, 0
            continue
        elif kind == 0x42:  # B
            # Nothing is stored inside of a transaction.
            end = 0
            continue
        else:
            continue
        changes += 1


if __name__ == "__main__":
    if sys.argv[1] == "--about":
        version = psycopg2.__version__.split()[0]
        print(json.dumps({"title": "Python with psycopg2", "version": f"{version} on Python {sys.version.split()[0]}"}))
    else:
        main(Postgres() if sys.argv[1] == "postgres" else File())
