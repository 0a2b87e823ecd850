"""DuckDB with its postgres extension, which PyPI carries for one version of DuckDB; see install-peers.sh."""

import json
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[2] / ".." / ".build" / "bench" / "duckdb-postgres"), str(HERE.parents[2])]

import duckdb  # noqa: E402
import duckdb_extension_postgres_scanner as extension  # noqa: E402

from harness.goods import merge  # noqa: E402
from w2.generate import COLUMNS  # noqa: E402

TYPES = ["BIGINT", "VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR", "DECIMAL(10,2)", "DECIMAL(10,2)", "INTEGER", "BOOLEAN", "VARCHAR", "TIMESTAMPTZ", "TIMESTAMPTZ"]


def reader(form: str, path: str) -> str:
    columns = "{" + ", ".join(f"{name}: '{kind}'" for name, kind in zip(COLUMNS, TYPES)) + "}"
    if form == "csv":
        return f"read_csv('{path}', header = true, columns = {columns})"
    return f"read_json('{path}', format = 'newline_delimited', columns = {columns})"


def main(variant: str, stem: str) -> None:
    form, _, mode = variant.partition("-")
    database = duckdb.connect()
    folder = Path(extension.__file__).parent / "extensions"
    database.execute(f"LOAD '{next(folder.glob('*/postgres_scanner.duckdb_extension'))}'")
    database.execute("SET TimeZone = 'UTC'")
    database.execute(f"ATTACH '{os.environ['DATABASE_URL']}' AS pg (TYPE postgres)")
    rows = f"SELECT {', '.join(COLUMNS)} FROM {reader(form, f'{stem}.{form}')}"
    if mode == "insert":
        database.execute(f"INSERT INTO pg.goods {rows}")
        return
    # A session's temporary table is out of DuckDB's sight; this one is as little logged.
    database.execute("CALL postgres_execute('pg', 'CREATE UNLOGGED TABLE stage (LIKE goods)')")
    database.execute("CALL pg_clear_cache()")
    database.execute(f"INSERT INTO pg.stage {rows}")
    database.execute(f"CALL postgres_execute('pg', '{merge(COLUMNS)}; DROP TABLE stage')")


if __name__ == "__main__":
    if sys.argv[1] == "--about":
        print(json.dumps({"title": "DuckDB", "version": duckdb.__version__}))
    else:
        main(*sys.argv[1:])
