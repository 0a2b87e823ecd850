"""Sling, with the mapping in its query. `truncate` is the nearest that it has to an insert into a table that is there."""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import sling_linux_amd64

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", ".."))
from w3.workload import MAPPING  # noqa: E402

BINARY = str(Path(sling_linux_amd64.__file__).parent / "bin" / "sling-linux-amd64")


def main(variant: str) -> None:
    os.environ |= {"SLING_HOME_DIR": os.environ["SCRATCH"], "SLING_LOADED_AT_COLUMN": "false", "PG": os.environ["DATABASE_URL"] + "&sslmode=disable"}
    command = [BINARY, "run", "--src-conn", "PG", "--src-stream", MAPPING, "--tgt-conn", "PG", "--tgt-object", "public.goods"]
    command += ["--mode", "incremental", "--primary-key", "id"] if variant == "upsert" else ["--mode", "truncate"]
    os.execv(BINARY, command)


if __name__ == "__main__":
    if sys.argv[1] == "--about":
        subprocess.run([BINARY, "--version"], check=True, capture_output=True)
        print(json.dumps({"title": "Sling", "version": version("sling-linux-amd64")}))
    else:
        main(sys.argv[1])
