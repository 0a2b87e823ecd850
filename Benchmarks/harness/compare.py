"""Compares two sets of JSON records by what they say: the order of members does not count, 1.50 is 1.5, and `\\u00e9` is é."""

import json
import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from hashlib import blake2b

BYTES_A_PART = 16 << 20
DIGEST_BYTES = 16
SHOWN_DIFFERENCES = 3

Mapping = Callable[[dict], dict | None]


def canonical(value: object) -> object:
    """The value with numbers as one text each, so that equal values give equal text."""
    if isinstance(value, Decimal):
        text = format(value, "f")
        return {"#": text.rstrip("0").rstrip(".") if "." in text else text}
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return {"#": str(value)}
    if isinstance(value, dict):
        return {key: canonical(member) for key, member in value.items()}
    return [canonical(item) for item in value]


def text_of(record: object) -> str:
    return json.dumps(canonical(record), sort_keys=True, separators=(",", ":"))


def parse(line: bytes) -> object:
    return json.loads(line, parse_float=Decimal)


def records(path: str, mapping: Mapping | None, begin: int = 0, end: int | None = None) -> Iterator[object]:
    """The records of the lines that begin in a part of the file, mapped; those that the mapping leaves out are not there."""
    with open(path, "rb") as file:
        file.seek(begin)
        while (end is None or file.tell() < end) and (line := file.readline()):
            record = parse(line)
            record = mapping(record) if mapping else record
            if record is not None:
                yield record


def digests_of_part(arguments: tuple[str, Mapping | None, int, int]) -> bytes:
    path, mapping, begin, end = arguments
    return b"".join(blake2b(text_of(r).encode(), digest_size=DIGEST_BYTES).digest() for r in records(path, mapping, begin, end))


def parts(path: str) -> Iterator[tuple[int, int]]:
    """Places in the file, each from the begin of a line to the begin of a line."""
    size, begin = os.path.getsize(path), 0
    with open(path, "rb") as file:
        while begin < size:
            file.seek(min(size, begin + BYTES_A_PART) - 1)
            file.readline()
            end = file.tell()
            yield begin, end
            begin = end


def digests(path: str, mapping: Mapping | None = None) -> list[bytes]:
    """A digest for each record, in order."""
    with multiprocessing.Pool() as pool:
        joined = b"".join(pool.imap(digests_of_part, ((path, mapping, *part) for part in parts(path))))
    return [joined[i : i + DIGEST_BYTES] for i in range(0, len(joined), DIGEST_BYTES)]


def differences(expected: list[bytes], source: str, mapping: Mapping, result: str, ordered: bool) -> list[str]:
    """What is wrong with a result: nothing, or a few sentences. `expected` is `digests(source, mapping)`."""
    try:
        actual = digests(result)
    except ValueError as error:
        return [f"not JSON records: {error}"]
    if actual == expected or (not ordered and Counter(actual) == Counter(expected)):
        return []
    found = [f"{len(actual)} records, expected {len(expected)}"] if len(actual) != len(expected) else []
    return found + (in_order(source, mapping, result) if ordered else in_any_order(expected, actual, result))


def in_order(source: str, mapping: Mapping, result: str) -> list[str]:
    found = []
    pairs = zip(records(source, mapping), records(result, None))
    for place, (wanted, got) in enumerate(pairs, 1):
        if text_of(wanted) != text_of(got):
            found.append(f"record {place}: expected {text_of(wanted)}, got {text_of(got)}")
            if len(found) == SHOWN_DIFFERENCES:
                break
    return found


def in_any_order(expected: list[bytes], actual: list[bytes], result: str) -> list[str]:
    surplus = Counter(actual) - Counter(expected)
    found = []
    for record in records(result, None):
        if surplus[blake2b(text_of(record).encode(), digest_size=DIGEST_BYTES).digest()] > 0:
            found.append(f"not expected: {text_of(record)}")
            if len(found) == SHOWN_DIFFERENCES:
                break
    return found or [f"{sum((Counter(expected) - Counter(actual)).values())} expected records are missing"]
