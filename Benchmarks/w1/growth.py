"""How Millrace's cost grows with more records, longer records, more fields, and keys in no order."""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from harness import report
from harness.compete import note, warm
from harness.measure import Cost, run
from w1.generate import NATURAL_FIELDS, Shape, ensured

PIPELINE = Path(__file__).parent / "products.yaml"
SERIES_BYTES = 256 << 20


@dataclass(frozen=True)
class Point:
    series: str
    label: str
    shape: Shape
    # How often the events stand in the file, one copy behind the other.
    copies: int = 1

    @property
    def records(self) -> int:
        return self.shape.records * self.copies


@dataclass(frozen=True)
class Measured:
    point: Point
    bytes: int
    cost: Cost

    @property
    def ns_a_record(self) -> float:
        return self.cost.cpu_s / self.point.records * 1e9

    @property
    def ns_a_byte(self) -> float:
        return self.cost.cpu_s / self.bytes * 1e9

    @property
    def ns_a_unit(self) -> float:
        """CPU time for one of what the series has more and more of: a record, a byte, a mapped field."""
        if self.point.series == "size":
            return self.ns_a_byte
        return self.ns_a_record / (self.point.shape.fields if self.point.series == "fields" else 1)


def points(full: bool, scale: float) -> list[Point]:
    """The series; `scale` makes all of them smaller for a quick look."""
    millions = [1, 2, 4] + ([20] if full else [])
    million = Shape(records=int(1_000_000 * scale))
    records = [Point("records", f"{m} M records", million, copies=m) for m in millions]
    order = [Point("key order", "shuffled keys", Shape(records=int(1_000_000 * scale), shuffled=True))]
    total = SERIES_BYTES * scale
    sizes = [Point("size", f"{n:,} B a record", Shape(records=int(total / n), size=n)) for n in (200, 1_000, 10_000, 100_000)]
    fields = [
        Point("fields", f"{n} fields", Shape(records=int(total / (475 + 26 * (n - NATURAL_FIELDS))), fields=n))
        for n in (12, 50, 100, 200)
    ]
    return records + order + sizes + fields


def pipeline(fields: int) -> str:
    """The W1 pipeline with a mapping for every further field."""
    names = (f"attribute_{number:03d}" for number in range(NATURAL_FIELDS + 1, fields + 1))
    further = "".join(f"  {name}: record.payload.{name}\n" for name in names)
    return PIPELINE.read_text(encoding="utf-8").replace("\ntarget:", f"{further}\ntarget:")


def measure(point: Point, binary: str, runs: int, data: str, scratch: str) -> Measured:
    note(f"growth: {point.label}")
    made, _ = ensured(point.shape, data)
    source = made if point.copies == 1 else copied(made, point.copies, scratch)
    try:
        costs = [one_run(point, source, binary, scratch) for _ in range(runs)]
        best = min(costs, key=lambda cost: cost.cpu_s)
        peak = max(cost.peak_kib for cost in costs)
        return Measured(point, os.path.getsize(source), Cost(best.wall_s, best.cpu_s, peak))
    finally:
        if source != made:
            os.remove(source)
        if point.shape != Shape():
            os.remove(made)
            os.remove(f"{made}.sha256")


def copied(made: str, copies: int, scratch: str) -> str:
    """A file of the same events again and again: to make more of them takes longer than all that is measured."""
    path = os.path.join(scratch, "copies.ndjson")
    with open(path, "wb") as file:
        for _ in range(copies):
            with open(made, "rb") as part:
                shutil.copyfileobj(part, file, 1 << 20)
    return path


def one_run(point: Point, source: str, binary: str, scratch: str) -> Cost:
    folder = tempfile.mkdtemp(dir=scratch)
    try:
        file = os.path.join(folder, "pipeline.yaml")
        Path(file).write_text(pipeline(point.shape.fields), encoding="utf-8")
        warm(source)
        places = {"W1_INPUT": source, "W1_OUTPUT": os.path.join(folder, "result.ndjson"), "MILLRACE_STATE": folder}
        return run([binary, "run", "--once", file], os.path.join(folder, "log"), {**os.environ, **places})
    finally:
        shutil.rmtree(folder)


def table(measured: list[Measured]) -> str:
    """A row a point; the last two columns compare it with the first of its series, shuffled keys with the first of all."""
    firsts: dict[str, Measured] = {"key order": measured[0]}
    rows = []
    for m in measured:
        first = firsts.setdefault(m.point.series, m)
        rows.append(
            [
                m.point.label,
                report.count(m.point.records),
                report.count(m.bytes / m.point.records),
                f"{m.cost.wall_s:.2f}",
                report.count(m.ns_a_record),
                f"{m.ns_a_byte:.2f}",
                report.mebibytes(m.cost.peak_kib),
                report.ratio(m.ns_a_unit / first.ns_a_unit),
                report.ratio(m.cost.peak_kib / first.cost.peak_kib),
            ]
        )
    columns = ["", "records", "B/record", "wall s", "CPU ns/record", "CPU ns/B", "peak MiB", "time ×", "memory ×"]
    return report.table(columns, rows)
