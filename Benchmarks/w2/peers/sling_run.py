"""Sling. It has no plain insert into a table that is there: `truncate` is its nearest, and loads through a table of its own."""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import sling_linux_amd64

BINARY = str(Path(sling_linux_amd64.__file__).parent / "bin" / "sling-linux-amd64")


def main(variant: str, stem: str) -> None:
    form, _, mode = variant.partition("-")
    os.environ |= {"SLING_HOME_DIR": os.environ["SCRATCH"], "SLING_LOADED_AT_COLUMN": "false", "PG": os.environ["DATABASE_URL"] + "&sslmode=disable"}
    options = {"format": "csv", "header": True, "empty_as_null": True} if form == "csv" else {"format": "jsonlines", "flatten": True}
    keys = ["--primary-key", "id"] if mode == "upsert" else []
    command = [BINARY, "run", "--src-stream", f"file://{stem}.{form}", "--src-options", json.dumps(options)]
    command += ["--tgt-conn", "PG", "--tgt-object", "public.goods", "--mode", "incremental" if keys else "truncate", *keys]
    os.execv(BINARY, command)


if __name__ == "__main__":
    if sys.argv[1] == "--about":
        subprocess.run([BINARY, "--version"], check=True, capture_output=True)
        print(json.dumps({"title": "Sling", "version": version("sling-linux-amd64")}))
    else:
        main(*sys.argv[1:])
