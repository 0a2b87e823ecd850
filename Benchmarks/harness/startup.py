"""What it costs to start: the version, and checking many pipeline files."""

import os
import tempfile

from harness import report
from harness.measure import Cost, run
from harness.workloads import ROOT

RUNS = 20
FILES = 100


def measure(binary: str, scratch: str) -> dict[str, Cost]:
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        log = os.path.join(folder, "log")
        pipelines = os.path.join(folder, "pipelines")
        write_pipelines(pipelines)
        return {
            "millrace --version": best([binary, "--version"], log),
            f"millrace validate, {FILES} files": best([binary, "validate", pipelines], log),
        }


def best(command: list[str], log: str) -> Cost:
    return min((run(command, log) for _ in range(RUNS)), key=lambda cost: cost.wall_s)


def write_pipelines(folder: str) -> None:
    text = (ROOT / "w1" / "products.yaml").read_text(encoding="utf-8")
    os.mkdir(folder)
    for number in range(FILES):
        with open(os.path.join(folder, f"products-{number:03d}.yaml"), "w", encoding="utf-8") as file:
            file.write(text.replace("name: w1-products", f"name: w1-products-{number:03d}"))


def table(costs: dict[str, Cost]) -> str:
    rows = [[name, f"{c.wall_s * 1e3:.1f}", f"{c.cpu_s * 1e3:.1f}", report.mebibytes(c.peak_kib)] for name, c in costs.items()]
    return report.table(["", "wall ms", "CPU ms", "peak MiB"], rows)
