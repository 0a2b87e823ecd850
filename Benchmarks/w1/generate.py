"""Writes product-change events as NDJSON: the same bytes for the same arguments, on any machine.

Records are made in chunks, each from a seed of its own, so that several processes can make them and the result does not
depend on how many there are.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import random
import sys
from dataclasses import dataclass

SEED = 20261101
RECORDS_A_CHUNK = 10_000
BYTES_A_CHUNK = 8 << 20
NATURAL_BYTES = 460
NATURAL_FIELDS = 12


@dataclass(frozen=True)
class Shape:
    """What the events look like."""

    records: int = 1_000_000
    # Bytes of one record with its line end; 0: as they come, about 460.
    size: int = 0
    # Members of the payload.
    fields: int = NATURAL_FIELDS
    # Members in another order in each record.
    shuffled: bool = False
    seed: int = SEED

    @property
    def name(self) -> str:
        parts = [f"{self.records}"]
        parts += [f"size{self.size}"] if self.size else []
        parts += [f"fields{self.fields}"] if self.fields != NATURAL_FIELDS else []
        parts += ["shuffled"] if self.shuffled else []
        parts += [f"seed{self.seed}"] if self.seed != SEED else []
        return "-".join(parts)

    @property
    def records_a_chunk(self) -> int:
        bytes_a_record = max(self.size, NATURAL_BYTES + 26 * (self.fields - NATURAL_FIELDS))
        return max(1, min(RECORDS_A_CHUNK, BYTES_A_CHUNK // bytes_a_record))


def quoted(text: str, ascii_only: bool = False) -> str:
    return json.dumps(text, ensure_ascii=ascii_only)


TYPES = ["product.updated"] * 8 + ["product.created", "product.deleted"]
STATUSES = ["active"] * 5 + ["draft"] * 2 + ["discontinued"]
ADJECTIVES = ["Compact", "Folding", "Ergonomic", "Cordless", "Robust", "Würzburger", "Crème", "Ultra-light"]
NOUNS = ["Garden Chair", "Cable Drum 25 m", "Desk Lamp", "Espresso Maker", "Steckschlüssel", "Étagère", "Tool Box", "Rucksack"]
EXTRAS = ["", " – Black", " (2-pack)", ' 19"', " No. 5", " für Außen", " 4×6 mm", " ⌀ 12"]
# One in eight titles is written with \u escapes, as some producers do.
TITLES = [quoted(f"{a} {n}{e}", i % 8 == 0) for i, (a, n, e) in enumerate((a, n, e) for a in ADJECTIVES for n in NOUNS for e in EXTRAS)]
BRANDS = [
    f'{{"name":{quoted(name)},"country":"{country}"}}'
    for name, country in [
        ("Nordlicht", "DK"), ("Müller & Söhne", "DE"), ("Brightwater", "GB"), ("Łucznik", "PL"), ("Atelier Noé", "FR"),
        ("三和工具", "JP"), ("O'Hara Tools", "IE"), ("Casa \"Verde\"", "ES"), ("Kestrel\\Works", "US"), ("Ferrum", "IT"),
    ]
]
TAGS = ["garden", "kitchen", "outdoor", "sale", "new", "büro", "tools", "gift", "B-Ware", "eco"]
TAG_LISTS = [f'[{",".join(quoted(TAGS[(first + 3 * i) % 10]) for i in range(count))}]' for first in range(10) for count in (1, 2, 3)]
DESCRIPTIONS = ["null"] * 3 + [
    quoted("Easy to clean.\nTwo-year warranty."),
    quoted('Fits the "classic" rail, with screws.'),
    quoted("Für draußen, wetterfest bis −10 °C."),
    quoted("Fitting: see C:\\manuals\\fit.pdf\tp. 3"),
    quoted("Holds 12 kg. Built in ten minutes."),
]
NOTES = [quoted(text) for text in ["recheck price", "photo missing", "from aisle 4", "Rückläufer", "ok"]]
FILLER = "Strong, light and \\\"quiet\\\" – für Werkstatt, Büro und Garten.\\n"
FILLER_BYTES = len(FILLER.encode())


def payload_members(bits: int, number: int) -> list[str]:
    """The twelve members that every payload has, from 64 random bits."""
    sku_number = bits & 0xFFFF
    cents = 199 + (bits >> 16 & 0x7FFF) * 3
    sku = f" SK-{sku_number:05d} " if sku_number % 16 == 0 else f"SK-{sku_number:05d}"
    day, second = 1 + number % 28, number % 60
    return [
        f'"sku":"{sku}"',
        f'"title":{TITLES[(bits >> 31) % len(TITLES)]}',
        f'"brand":{BRANDS[(bits >> 34) % len(BRANDS)]}',
        f'"price":{cents // 100}.{cents % 100:02d}',
        f'"list_price":"{cents // 80}.{cents % 80:02d}"',
        f'"stock":"{bits >> 48 & 0x3FF}"',
        f'"status":"{STATUSES[bits >> 58 & 7]}"',
        f'"tags":{TAG_LISTS[(bits >> 40) % len(TAG_LISTS)]}',
        f'"dims":{{"w":{5 + (bits >> 20 & 127)}.5,"h":{3 + (bits >> 24 & 63)},"d":{1 + (bits >> 28 & 31)}.25}}',
        f'"description":{DESCRIPTIONS[bits >> 55 & 7]}',
        f'"updated_at":"2026-10-{day:02d}T08:15:{second:02d}Z"',
        f'"internal":{{"note":{NOTES[(bits >> 37) % len(NOTES)]},"cost":{cents // 170}.{cents % 90 + 10}}}',
    ]


def slim_members(bits: int) -> list[str]:
    """What is left of a payload in a record of 200 bytes."""
    cents = 199 + (bits >> 16 & 0x7FFF) * 3
    return [
        f'"sku":"SK-{bits & 0xFFFF:05d}"',
        f'"price":{cents // 100}.{cents % 100:02d}',
        f'"list_price":"{cents // 80}.{cents % 80:02d}"',
        f'"stock":"{bits >> 48 & 0x3FF}"',
        f'"status":"{STATUSES[bits >> 58 & 7]}"',
    ]


def further_members(bits: int, count: int) -> list[str]:
    """Members beyond the twelve: text, numbers and booleans in turn."""
    members = []
    for index in range(count):
        value = bits >> index % 48 & 0xFFFF
        text = (f'"value {value:05d}"', f"{value}.{value % 10}", "true" if value & 1 else "false")[index % 3]
        members.append(f'"attribute_{NATURAL_FIELDS + 1 + index:03d}":{text}')
    return members


def envelope_members(bits: int, number: int, slim: bool) -> list[str]:
    members = [f'"id":"evt-{number:09d}"', f'"type":"{TYPES[bits % 10]}"']
    if not slim:
        members += [f'"version":{1 + (bits >> 12 & 63)}', f'"ts":"2026-11-{1 + number % 28:02d}T08:15:{number % 60:02d}Z"']
    return members + [f'"key":"p-{bits >> 8 & 0xFFFFFF:08d}"']


def padded(line: str, size: int, slim: bool) -> str:
    """The line with text added until it has `size` bytes with its line end."""
    missing = size - 1 - len(line.encode())
    if slim:
        missing -= len(',"title":""')
        position = line.index('"sku"')
        return line if missing < 0 else f'{line[:position]}"title":"{"x" * missing}",{line[position:]}'
    position = line.index('"description":') + len('"description":')
    if line.startswith("null", position):
        line, missing = line[:position] + '""' + line[position + 4 :], missing + 2
    if missing < 0:
        return line
    return f"{line[:position + 1]}{FILLER * (missing // FILLER_BYTES)}{'x' * (missing % FILLER_BYTES)}{line[position + 1:]}"


def chunk(arguments: tuple[Shape, int, int]) -> bytes:
    shape, first, count = arguments
    chance = random.Random(f"{shape.seed}/{first}")
    slim = 0 < shape.size < 400
    lines = []
    for number in range(first, first + count):
        bits = chance.getrandbits(64)
        payload = slim_members(bits) if slim else payload_members(bits, number)
        if shape.fields > NATURAL_FIELDS:
            payload += further_members(bits, shape.fields - NATURAL_FIELDS)
        envelope = envelope_members(bits, number, slim)
        if shape.shuffled:
            chance.shuffle(payload)
        envelope.append(f'"payload":{{{",".join(payload)}}}')
        if shape.shuffled:
            chance.shuffle(envelope)
        line = f"{{{','.join(envelope)}}}"
        lines.append(padded(line, shape.size, slim) if shape.size else line)
    lines.append("")
    return "\n".join(lines).encode()


def write(shape: Shape, path: str) -> str:
    """Writes the events and returns the file's SHA-256; the file appears as a whole or not at all."""
    step = shape.records_a_chunk
    work = ((shape, first, min(step, shape.records - first)) for first in range(0, shape.records, step))
    digest = hashlib.sha256()
    partial = f"{path}.partial"
    with multiprocessing.Pool() as pool, open(partial, "wb") as file:
        for data in pool.imap(chunk, work):
            digest.update(data)
            file.write(data)
    os.replace(partial, path)
    return digest.hexdigest()


def ensured(shape: Shape, folder: str) -> tuple[str, str]:
    """The path and SHA-256 of the events, made now unless they are there."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, f"w1-{shape.name}.ndjson")
    note = f"{path}.sha256"
    if os.path.exists(path) and os.path.exists(note):
        with open(note, encoding="ascii") as file:
            return path, file.read().strip()
    digest = write(shape, path)
    with open(note, "w", encoding="ascii") as file:
        file.write(digest + "\n")
    return path, digest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", help="the NDJSON file to write")
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--size", type=int, default=0, help="bytes a record, 200 to 100000; 0: as they come, about 460")
    parser.add_argument("--fields", type=int, default=NATURAL_FIELDS, help="members of the payload, 12 or more")
    parser.add_argument("--shuffled", action="store_true", help="members in another order in each record")
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    if options.size and options.fields > NATURAL_FIELDS:
        parser.error("--size and --fields exclude each other")
    shape = Shape(options.records, options.size, options.fields, options.shuffled, options.seed)
    print(f"sha256 {write(shape, options.output)}", file=sys.stderr)


if __name__ == "__main__":
    main()
