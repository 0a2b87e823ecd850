"""ADBC: rows as Arrow batches from one connection to the other; the mapping is done in SQL where they are read."""

import json
import os
import sys
from importlib.metadata import version

import adbc_driver_postgresql.dbapi as postgresql

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", ".."))
from harness.goods import merge  # noqa: E402
from w3.workload import COLUMNS, MAPPING  # noqa: E402

# Arrow has no numeric that the driver reads and writes as such: prices travel as texts and become numbers in the last step.
READ = f"SELECT id, code, title, brand, department, price::text, list_price::text, stock, state, description, changed_at, channel FROM ({MAPPING}) m"
WRITE = ", ".join(f"{name}::numeric" if name in ("price", "list_price") else name for name in COLUMNS)


def main(variant: str) -> None:
    url = os.environ["DATABASE_URL"]
    with postgresql.connect(url) as source, postgresql.connect(url) as target:
        with source.cursor() as out, target.cursor() as into:
            out.execute(READ)
            into.adbc_ingest("stage", out.fetch_record_batch(), mode="create", temporary=True)
            rows = f"SELECT {WRITE} FROM stage"
            into.execute(merge(COLUMNS, rows) if variant == "upsert" else f"INSERT INTO goods {rows}")
        target.commit()


if __name__ == "__main__":
    if sys.argv[1] == "--about":
        print(json.dumps({"title": "ADBC", "version": version("adbc-driver-postgresql")}))
    else:
        main(sys.argv[1])
