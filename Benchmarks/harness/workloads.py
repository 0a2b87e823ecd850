"""A workload is a folder: what is worked on, what must become of it, and one file a peer."""

import importlib
from pathlib import Path

from harness.compete import Workload
from harness.tables import TableWorkload

ROOT = Path(__file__).parents[1]


def peers(name: str) -> Path:
    return ROOT / name / "peers"


def load(name: str) -> Workload | TableWorkload:
    return importlib.import_module(f"{name}.workload").WORKLOAD


def names() -> list[str]:
    return sorted(file.parent.name for file in ROOT.glob("*/workload.py"))
