"""Python with psycopg2's replication protocol: pgoutput read by hand, transactions put together while more of them arrive, each
group stored as one delete and one upsert; the server hears of what is committed."""

import json
import os
import select
import signal
import sys
from pathlib import Path

import psycopg2
from psycopg2.extras import LogicalReplicationConnection

sys.path.insert(0, str(Path(__file__).parent.parent))
import stores  # noqa: E402

# Changes that are stored together at most.
GROUP = 5_000


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


def main(target: stores.Table | stores.Lines) -> None:
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
            target.add(int(row[0]), row)
        elif kind == 0x55:  # U
            at = 5
            if data[at] != 0x4E:
                _, at = cells(data, at + 1)
            row, _ = cells(data, at + 1)
            target.add(int(row[0]), row)
        elif kind == 0x44:  # D
            row, _ = cells(data, 6)
            target.add(int(row[0]), None)
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
        main(stores.named(sys.argv[1]))
