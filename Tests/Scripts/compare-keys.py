#!/usr/bin/env python3
"""compare-keys.py SOURCE TARGET FIELD: is every record of one NDJSON file once in the other? Ends with 1 if not."""

import json
import sys
from collections import Counter


def keys(path: str, field: str) -> Counter:
    with open(path, encoding="utf-8") as file:
        return Counter(json.loads(line)[field] for line in file)


def main(source: str, target: str, field: str) -> int:
    wanted, got = keys(source, field), keys(target, field)
    lost, surplus = wanted - got, got - wanted
    print(f"{wanted.total()} records in the source, {got.total()} in the target: {lost.total()} lost, {surplus.total()} doubled")
    return 1 if lost or surplus else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
