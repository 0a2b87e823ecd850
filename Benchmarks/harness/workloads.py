"""A workload is a folder: its events, what must become of them, and one file a peer."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Workload:
    name: str
    title: str
    # Records and the folder for data → the path of the events and their SHA-256.
    events: Callable[[int, str], tuple[str, str]]
    # What one event must become; None where it is left out.
    expected: Callable[[dict], dict | None]

    @property
    def peers(self) -> Path:
        return ROOT / self.name / "peers"


def load(name: str) -> Workload:
    return importlib.import_module(f"{name}.workload").WORKLOAD


def names() -> list[str]:
    return sorted(file.parent.name for file in ROOT.glob("*/workload.py"))
