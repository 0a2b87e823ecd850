"""What the workloads into the table `goods` have in common."""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path


def tables(columns: str) -> dict[str, str]:
    """By mode, the statements that put the table back to what a run starts from: empty for an insert; for an upsert every second
    row is there already, with other values, as the table `seed` has them."""
    empty = f"DROP SCHEMA IF EXISTS millrace CASCADE; DROP TABLE IF EXISTS goods, stage; CREATE TABLE goods {columns}"
    return {"insert": empty, "upsert": f"{empty}; INSERT INTO goods SELECT * FROM seed"}


def merge(columns: list[str], rows: str = "SELECT * FROM stage") -> str:
    """The statement that upserts what stands in the table `stage`; the first column is the key."""
    changes = ", ".join(f"{name} = EXCLUDED.{name}" for name in columns[1:])
    return f"INSERT INTO goods {rows} ON CONFLICT ({columns[0]}) DO UPDATE SET {changes}"


STAGE = "CREATE TEMP TABLE stage (LIKE goods)"


def sling(mode: str, source: list[str]) -> None:
    """Becomes Sling. It has no plain insert into a table that is there: `truncate` is its nearest, and loads through a table of its own."""
    binary = sling_binary()
    os.environ |= {"SLING_HOME_DIR": os.environ["SCRATCH"], "SLING_LOADED_AT_COLUMN": "false", "PG": os.environ["DATABASE_URL"] + "&sslmode=disable"}
    modes = ["--mode", "incremental", "--primary-key", "id"] if mode == "upsert" else ["--mode", "truncate"]
    os.execv(binary, [binary, "run", *source, "--tgt-conn", "PG", "--tgt-object", "public.goods", *modes])


def sling_about() -> str:
    subprocess.run([sling_binary(), "--version"], check=True, capture_output=True)
    return json.dumps({"title": "Sling", "version": version("sling-linux-amd64")})


def sling_binary() -> str:
    import sling_linux_amd64

    return str(Path(sling_linux_amd64.__file__).parent / "bin" / "sling-linux-amd64")


def psql() -> list[str]:
    return [os.environ["PSQL"], "-Xq", "-v", "ON_ERROR_STOP=1", os.environ["DATABASE_URL"]]


def psql_about() -> str:
    answer = subprocess.run([os.environ.get("PSQL", "psql"), "--version"], capture_output=True, text=True, check=True)
    return json.dumps({"title": "psql by hand (limit)", "version": answer.stdout.split()[2]})


def psycopg_about() -> str:
    import psycopg

    return json.dumps({"title": "Python with psycopg", "version": f"{psycopg.__version__} on Python {sys.version.split()[0]}"})
