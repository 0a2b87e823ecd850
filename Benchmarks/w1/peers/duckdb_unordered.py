"""DuckDB on two threads, rows in any order."""

import json
import sys
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).parents[1]))
from duckdb_query import copy  # noqa: E402

if __name__ == "__main__":
    if sys.argv[1] == "--about":
        print(json.dumps({"title": "DuckDB, unordered", "version": duckdb.__version__, "ordered": False}))
    else:
        copy(*sys.argv[1:], in_order=False)
