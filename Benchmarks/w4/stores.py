"""What the peers in Python store changes in: each key's last row, in one DELETE and one upsert; or all rows, one a line."""

import json
import os

import psycopg2
from psycopg2.extras import execute_values

COLUMNS = ["id", "sku", "name", "price", "stock", "note", "seq", "changed_at"]
TYPES = ["int", "text", "text", "numeric", "int", "text", "bigint", "timestamptz"]
CASTS = "(" + ", ".join(f"%s::{kind}" for kind in TYPES) + ")"
UPSERT = (
    f"INSERT INTO goods ({', '.join(COLUMNS)}) VALUES %s ON CONFLICT (id) DO UPDATE SET "
    + ", ".join(f"{name} = EXCLUDED.{name}" for name in COLUMNS[1:])
)
PAGE = 5_000


class Table:
    def __init__(self) -> None:
        self.connection = psycopg2.connect(os.environ["TARGET_URL"])
        self.rows: dict[int, list | None] = {}

    def add(self, key: int, row: list | None) -> None:
        """A row of which all cells may be texts; None where it was deleted."""
        self.rows[key] = row

    def store(self) -> None:
        with self.connection.cursor() as cursor:
            gone = [key for key, row in self.rows.items() if row is None]
            if gone:
                cursor.execute("DELETE FROM goods WHERE id = ANY (%s)", (gone,))
            there = [row for row in self.rows.values() if row is not None]
            if there:
                execute_values(cursor, UPSERT, there, CASTS, page_size=PAGE)
        self.connection.commit()
        self.rows = {}


class Lines:
    def __init__(self) -> None:
        self.file = open(os.environ["RESULT"], "w", encoding="utf-8")

    def add(self, key: int, row: list | None) -> None:
        values = {"id": key} if row is None else dict(zip(COLUMNS, [key, *row[1:4], int(row[4]), row[5], int(row[6]), row[7]]))
        self.file.write(json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n")

    def store(self) -> None:
        self.file.flush()
        os.fdatasync(self.file.fileno())


def named(target: str) -> Table | Lines:
    return Table() if target == "postgres" else Lines()
