"""The programs that do a workload's work: one executable file each in the workload's folder `peers`.

`PEER --about` prints `{"title", "version"}` or fails where the program is not installed. What it prints beside that, and how it
is called to do the work, is the kind of workload's matter: from file to file `"ordered"` and `PEER INPUT OUTPUT`, where it may
use the folder of OUTPUT for itself; into tables `"variants"`, where it does not do all, and `PEER VARIANT SOURCE`, with the
server in DATABASE_URL and a folder for itself in SCRATCH. It ends with 0.
"""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

ABOUT_TIMEOUT_S = 60


@dataclass(frozen=True)
class Peer:
    name: str
    title: str
    version: str
    command: tuple[str, ...]
    # Whether the records come out in the order in which they went in.
    ordered: bool = True
    # What it does of a workload into tables; all of it where it names none.
    variants: tuple[str, ...] = ()


def command(file: Path, python: str) -> tuple[str, ...]:
    return (python, str(file)) if file.suffix == ".py" else ("/bin/sh", str(file))


def find(folder: Path, python: str, only: list[str]) -> tuple[list[Peer], list[str]]:
    """The peers that work here, Millrace first, and a sentence for each that does not."""
    found, missing = [], []
    files = sorted(folder.glob("*.py")) + sorted(folder.glob("*.sh"))
    for file in sorted(files, key=lambda file: (file.stem != "millrace", file.stem)):
        if only and file.stem not in only:
            continue
        start = command(file, python)
        answer = ask(start)
        if isinstance(answer, str):
            missing.append(f"{file.stem}: {answer}")
        else:
            found.append(peer(file.stem, answer, start))
    return found, missing


def peer(name: str, answer: dict, start: tuple[str, ...]) -> Peer:
    return Peer(name, answer["title"], answer["version"], start, answer.get("ordered", True), tuple(answer.get("variants", [])))


def ask(start: tuple[str, ...]) -> dict | str:
    """What a peer says of itself, or why it cannot run."""
    try:
        answer = subprocess.run([*start, "--about"], capture_output=True, text=True, timeout=ABOUT_TIMEOUT_S, env=os.environ)
        if answer.returncode == 0:
            return json.loads(answer.stdout)
        lines = answer.stderr.strip().splitlines()
        return lines[-1] if lines else f"--about ended with {answer.returncode}"
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return str(error)
