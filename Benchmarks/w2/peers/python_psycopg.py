"""Python with psycopg: rows through COPY, an upsert through a temporary table."""

import csv
import os
import sys

import orjson
import psycopg

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", ".."))
from harness.goods import STAGE, merge, psycopg_about  # noqa: E402
from w2.generate import COLUMNS  # noqa: E402


def rows(form: str, path: str):
    if form == "csv":
        with open(path, newline="", encoding="utf-8") as file:
            reader = csv.reader(file)
            next(reader)
            for cells in reader:
                yield [cell or None for cell in cells]
    else:
        with open(path, "rb") as file:
            for line in file:
                record = orjson.loads(line)
                yield [record[name] for name in COLUMNS]


def main(variant: str, stem: str) -> None:
    form, _, mode = variant.partition("-")
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        place = "goods"
        if mode == "upsert":
            place = "stage"
            connection.execute(STAGE)
        with connection.cursor() as cursor, cursor.copy(f"COPY {place} FROM STDIN") as copy:
            for row in rows(form, f"{stem}.{form}"):
                copy.write_row(row)
        if mode == "upsert":
            connection.execute(merge(COLUMNS))


if __name__ == "__main__":
    if sys.argv[1] == "--about":
        print(psycopg_about())
    else:
        main(*sys.argv[1:])
