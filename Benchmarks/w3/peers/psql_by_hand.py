"""The limit: `COPY | COPY` through psql, in PostgreSQL's binary form; the mapping is done in SQL where the rows are read."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", ".."))
from harness.goods import STAGE, psql, psql_about  # noqa: E402
from w3.workload import MAPPING, MERGE  # noqa: E402


def main(variant: str) -> None:
    if variant == "insert":
        steps = ["COPY goods FROM STDIN WITH (FORMAT binary)"]
    else:
        steps = [STAGE, "COPY stage FROM STDIN WITH (FORMAT binary)", MERGE]
    out = subprocess.Popen([*psql(), "-c", f"COPY ({MAPPING}) TO STDOUT WITH (FORMAT binary)"], stdout=subprocess.PIPE)
    into = subprocess.run([*psql(), *(part for step in steps for part in ("-c", step))], stdin=out.stdout)
    sys.exit(out.wait() or into.returncode)


if __name__ == "__main__":
    if sys.argv[1] == "--about":
        print(psql_about())
    else:
        main(sys.argv[1])
