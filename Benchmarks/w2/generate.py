"""Writes goods as CSV and as NDJSON: the same rows in both, the same bytes for the same arguments, on any machine."""

import argparse
import csv
import hashlib
import io
import json
import multiprocessing
import os
import random
import sys
from collections.abc import Iterator

SEED = 20261125
ROWS_A_CHUNK = 10_000
COLUMNS = ["id", "sku", "name", "brand", "category", "price", "list_price", "stock", "active", "description", "created_at", "updated_at"]

ADJECTIVES = ["Compact", "Folding", "Ergonomic", "Cordless", "Robust", "Würzburger", "Crème", "Ultra-light"]
NOUNS = ["Garden Chair", "Cable Drum 25 m", "Desk Lamp", "Espresso Maker", "Steckschlüssel", "Étagère", "Tool Box", "Rucksack"]
EXTRAS = ["", " – Black", " (2-pack)", ' 19"', " No. 5", " für Außen", " 4×6 mm", " ⌀ 12"]
BRANDS = ["Nordlicht", "Müller & Söhne", "Brightwater", "Łucznik", "Atelier Noé", "三和工具", "O'Hara Tools", 'Casa "Verde"', "Kestrel\\Works", "Ferrum"]
CATEGORIES = ["garden", "kitchen", "outdoor", "büro", "tools", "gift", "eco"]
DESCRIPTIONS = [
    None,
    None,
    "Easy to clean.\nTwo-year warranty.",
    'Fits the "classic" rail, with screws.',
    "Für draußen, wetterfest bis −10 °C.",
    "Fitting: see C:\\manuals\\fit.pdf\tp. 3",
    "Holds 12 kg. Built in ten minutes.",
    "Strong, light and quiet, for workshop, office and garden; see the drawing for the drilling template.",
]


def row(bits: int, number: int) -> tuple:
    """One row as texts, numbers and None; numbers with two decimals are texts."""
    cents = 199 + (bits >> 16 & 0x7FFF) * 3
    listed = None if bits >> 12 & 15 == 0 else f"{cents // 80}.{cents % 80:02d}"
    day, second = 1 + number % 28, number % 60
    return (
        number,
        f"SK-{bits & 0xFFFFFF:08d}",
        f"{ADJECTIVES[bits >> 31 & 7]} {NOUNS[bits >> 34 & 7]}{EXTRAS[bits >> 37 & 7]}",
        BRANDS[(bits >> 40) % len(BRANDS)],
        CATEGORIES[(bits >> 44) % len(CATEGORIES)],
        f"{cents // 100}.{cents % 100:02d}",
        listed,
        bits >> 48 & 0x3FF,
        bits >> 58 & 1 == 1,
        DESCRIPTIONS[bits >> 59 & 7],
        f"2025-{1 + number % 12:02d}-{day:02d}T06:{number % 59:02d}:{second:02d}Z",
        f"2026-10-{day:02d}T08:15:{second:02d}.{bits >> 20 & 0x3FF:03d}Z",
    )


def rows(first: int, count: int) -> Iterator[tuple]:
    chance = random.Random(f"{SEED}/{first}")
    for number in range(first, first + count):
        yield row(chance.getrandbits(64), number)


def csv_text(chunk: list[tuple]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for cells in chunk:
        writer.writerow("true" if cell is True else "false" if cell is False else cell for cell in cells)
    return out.getvalue().encode()


def json_text(chunk: list[tuple]) -> bytes:
    """Prices are numbers, with their two decimals."""
    lines = []
    for cells in chunk:
        members = []
        for name, cell in zip(COLUMNS, cells):
            is_price = name in ("price", "list_price") and cell is not None
            members.append(f'"{name}":{cell if is_price else json.dumps(cell, ensure_ascii=False)}')
        lines.append("{" + ",".join(members) + "}\n")
    return "".join(lines).encode()


def texts(part: tuple[int, int]) -> tuple[bytes, bytes]:
    chunk = list(rows(*part))
    return csv_text(chunk), json_text(chunk)


def write(count: int, stem: str) -> str:
    """Writes STEM.csv and STEM.ndjson and returns the SHA-256 of the first; both appear as a whole or not at all."""
    parts = ((first, min(ROWS_A_CHUNK, count + 1 - first)) for first in range(1, count + 1, ROWS_A_CHUNK))
    digest = hashlib.sha256()
    with multiprocessing.Pool() as pool, open(f"{stem}.csv.partial", "wb") as table, open(f"{stem}.ndjson.partial", "wb") as events:
        header = (",".join(COLUMNS) + "\n").encode()
        for as_csv, as_json in pool.imap(texts, parts):
            for data in (header, as_csv):
                digest.update(data)
                table.write(data)
            header = b""
            events.write(as_json)
    os.replace(f"{stem}.csv.partial", f"{stem}.csv")
    os.replace(f"{stem}.ndjson.partial", f"{stem}.ndjson")
    return digest.hexdigest()


def ensured(count: int, folder: str) -> tuple[str, str]:
    """The stem of the files and the SHA-256 of the CSV, made now unless they are there."""
    os.makedirs(folder, exist_ok=True)
    stem = os.path.join(folder, f"w2-{count}")
    note = f"{stem}.sha256"
    if not all(os.path.exists(path) for path in (f"{stem}.csv", f"{stem}.ndjson", note)):
        digest = write(count, stem)
        with open(note, "w", encoding="ascii") as file:
            file.write(digest + "\n")
    with open(note, encoding="ascii") as file:
        return stem, file.read().strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stem", help="the files to write, without .csv and .ndjson")
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    print(f"sha256 {write(options.rows, options.stem)}", file=sys.stderr)


if __name__ == "__main__":
    main()
