"""The limit: psql alone. It reads the CSV in all variants, since it has no NDJSON; the rows are the same."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", ".."))
from harness.goods import STAGE, merge, psql, psql_about  # noqa: E402
from w2.generate import COLUMNS  # noqa: E402


def main(variant: str, stem: str) -> None:
    copy = "\\copy {} FROM '" + stem + ".csv' WITH (FORMAT csv, HEADER)"
    steps = [copy.format("goods")] if variant.endswith("-insert") else [STAGE, copy.format("stage"), merge(COLUMNS)]
    command = [*psql(), *(part for step in steps for part in ("-c", step))]
    os.execv(command[0], command)


if __name__ == "__main__":
    if sys.argv[1] == "--about":
        print(psql_about())
    else:
        main(*sys.argv[1:])
