#!/usr/bin/env python3
"""Builds a product catalogue from Debian's package metadata: one record a package, NDJSON or CSV, sorted by name.

  build-catalogue.py catalogue-full.ndjson                       all packages this machine knows, some 60,000
  build-catalogue.py --one-in 20 catalogue.ndjson                every twentieth, always the same ones
  build-catalogue.py --one-in 100 --format csv catalogue.csv     flat, semicolons
  build-catalogue.py --packages Packages catalogue.ndjson        from a Packages index instead of apt's lists

Same metadata, same bytes. People's names and all addresses are left out: a vendor is named only where it is a team.
"""

import argparse
import csv
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator

TEAM = re.compile(r"\b(teams?|groups?|maintainers?|packagers?|packaging|force|project|developers)\b", re.IGNORECASE)
CSV_COLUMNS = ["package", "version", "title", "category", "priority", "architecture", "vendor", "installed_kib", "download_bytes", "homepage"]


def stanzas(lines: Iterable[str]) -> Iterator[dict[str, str]]:
    """The paragraphs of a Packages index; of a field that spans lines, the first."""
    fields: dict[str, str] = {}
    for line in lines:
        if line == "\n":
            if fields:
                yield fields
            fields = {}
        elif line[0] not in " \t":
            name, _, value = line.rstrip("\n").partition(":")
            fields[name] = value.removeprefix(" ")
    if fields:
        yield fields


def product(fields: dict[str, str]) -> dict:
    """A package as a product; what the package does not say is not there."""
    size = {"installed_kib": number(fields, "Installed-Size"), "download_bytes": number(fields, "Size")}
    record = {
        "package": fields["Package"],
        "version": fields["Version"],
        "title": fields.get("Description"),
        "category": fields.get("Section"),
        "priority": fields.get("Priority"),
        "architecture": fields.get("Architecture"),
        "vendor": {"name": team(fields.get("Maintainer", ""))},
        "size": {name: value for name, value in size.items() if value is not None},
        "homepage": fields.get("Homepage"),
        "depends": depends(fields.get("Depends", "")),
    }
    return {name: value for name, value in record.items() if value is not None}


def number(fields: dict[str, str], name: str) -> int | None:
    return int(fields[name]) if name in fields else None


def team(maintainer: str) -> str | None:
    """The team's name, without its address; None for a person."""
    name = maintainer.partition("<")[0].strip().strip('"')
    return name if TEAM.search(name) else None


def depends(text: str) -> list[str]:
    """The names of the packages it needs, without versions; of alternatives the first."""
    names = (re.split(r"[\s|(:]", part.strip(), maxsplit=1)[0] for part in text.split(","))
    return sorted({name for name in names if name})


def is_chosen(package: str, one_in: int) -> bool:
    """A share of all packages that does not change when others come or go."""
    return int.from_bytes(hashlib.sha256(package.encode()).digest()[:8]) % one_in == 0


def products(lines: Iterable[str], one_in: int) -> list[dict]:
    """The newest stanza of each package of Debian's main area, sorted by name."""
    found = {}
    for fields in stanzas(lines):
        if "/" not in fields.get("Section", "/") and is_chosen(fields["Package"], one_in):
            found.setdefault(fields["Package"], product(fields))
    return [found[name] for name in sorted(found)]


def known_to_apt() -> list[str]:
    answer = subprocess.run(["apt-cache", "dumpavail"], capture_output=True, text=True, check=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    return answer.stdout.splitlines(keepends=True)


def write_ndjson(records: list[dict], path: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")


def write_csv(records: list[dict], path: str) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, CSV_COLUMNS, delimiter=";", extrasaction="ignore", lineterminator="\n")
        rows.writeheader()
        rows.writerows({**record, **record["size"], "vendor": record["vendor"]["name"]} for record in records)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output")
    parser.add_argument("--one-in", type=int, default=1, help="take one package in so many (default: all)")
    parser.add_argument("--format", choices=["ndjson", "csv"], default="ndjson")
    parser.add_argument("--packages", help="a Packages index, uncompressed (default: what apt knows)")
    options = parser.parse_args()
    try:
        if options.packages:
            with open(options.packages, encoding="utf-8") as file:
                records = products(file, options.one_in)
        else:
            records = products(known_to_apt(), options.one_in)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"the package lists cannot be read: {error}", file=sys.stderr)
        return 1
    if not records:
        print("apt knows no packages: run `apt-get update`, or name an index with --packages", file=sys.stderr)
        return 1
    (write_csv if options.format == "csv" else write_ndjson)(records, options.output)
    print(f"{len(records)} products in {options.output}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
