"""Sling, with the mapping in its query."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", ".."))
from harness.goods import sling, sling_about  # noqa: E402
from w3.workload import MAPPING  # noqa: E402

if __name__ == "__main__":
    if sys.argv[1] == "--about":
        print(sling_about())
    else:
        sling(sys.argv[1], ["--src-conn", "PG", "--src-stream", MAPPING])
