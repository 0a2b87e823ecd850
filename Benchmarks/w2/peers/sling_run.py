"""Sling."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", ".."))
from harness.goods import sling, sling_about  # noqa: E402


def main(variant: str, stem: str) -> None:
    form, _, mode = variant.partition("-")
    options = {"format": "csv", "header": True, "empty_as_null": True} if form == "csv" else {"format": "jsonlines", "flatten": True}
    sling(mode, ["--src-stream", f"file://{stem}.{form}", "--src-options", json.dumps(options)])


if __name__ == "__main__":
    if sys.argv[1] == "--about":
        print(sling_about())
    else:
        main(*sys.argv[1:])
