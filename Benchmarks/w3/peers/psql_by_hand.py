"""The limit: `COPY | COPY` through psql, in PostgreSQL's binary form; the mapping is done in SQL where the rows are read."""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", ".."))
from w3.workload import MAPPING, MERGE  # noqa: E402


def main(variant: str) -> None:
    psql = [os.environ["PSQL"], "-Xq", "-v", "ON_ERROR_STOP=1", os.environ["DATABASE_URL"]]
    if variant == "insert":
        steps = ["COPY goods FROM STDIN WITH (FORMAT binary)"]
    else:
        steps = ["CREATE TEMP TABLE stage (LIKE goods)", "COPY stage FROM STDIN WITH (FORMAT binary)", MERGE]
    out = subprocess.Popen([*psql, "-c", f"COPY ({MAPPING}) TO STDOUT WITH (FORMAT binary)"], stdout=subprocess.PIPE)
    into = subprocess.run([*psql, *(part for step in steps for part in ("-c", step))], stdin=out.stdout)
    sys.exit(out.wait() or into.returncode)


if __name__ == "__main__":
    if sys.argv[1] == "--about":
        answer = subprocess.run([os.environ.get("PSQL", "psql"), "--version"], capture_output=True, text=True, check=True)
        print(json.dumps({"title": "psql by hand (limit)", "version": answer.stdout.split()[2]}))
    else:
        main(sys.argv[1])
