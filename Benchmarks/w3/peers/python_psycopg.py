"""Python with psycopg: rows out through COPY, mapped in Python, and in through COPY; an upsert through a temporary table."""

import os
import sys

import psycopg

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", ".."))
from harness.goods import STAGE, psycopg_about  # noqa: E402
from w3.workload import DEPARTMENTS, MERGE  # noqa: E402


def mapped(row: tuple) -> tuple:
    key, sku, name, brand, category, price, list_price, stock, active, description, _, updated_at = row
    return (
        key, sku.strip(" "), name.strip(" "), brand, DEPARTMENTS[category], price, "0" if list_price is None else list_price, stock,
        "published" if active == "t" else "hidden", "" if description is None else description, updated_at, "web",
    )  # fmt: skip


def main(variant: str) -> None:
    url = os.environ["DATABASE_URL"]
    with psycopg.connect(url) as source, psycopg.connect(url) as target:
        place = "goods"
        if variant == "upsert":
            place = "stage"
            target.execute(STAGE)
        with source.cursor().copy("COPY origin TO STDOUT") as out, target.cursor().copy(f"COPY {place} FROM STDIN") as copy:
            for row in out.rows():
                copy.write_row(mapped(row))
        if variant == "upsert":
            target.execute(MERGE)


if __name__ == "__main__":
    if sys.argv[1] == "--about":
        print(psycopg_about())
    else:
        main(sys.argv[1])
