"""What one run of a command costs."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass

LAUNCHER = os.path.join(os.path.dirname(__file__), "launch.py")
LOG_TAIL_BYTES = 2_000


@dataclass(frozen=True)
class Cost:
    wall_s: float
    # User and system time together.
    cpu_s: float
    peak_kib: int


class Failed(Exception):
    """The command did not end with exit code 0; the text says what it printed last."""


def run(command: list[str], log: str, environment: dict[str, str] | None = None) -> Cost:
    """Runs a command to its end; what it prints goes to the file `log`."""
    launcher = [sys.executable, "-I", "-S", LAUNCHER, log, *command]
    answer = subprocess.run(launcher, env=environment, stdout=subprocess.PIPE, check=True)
    numbers = json.loads(answer.stdout)
    if numbers["code"] != 0:
        raise Failed(f"{command[0]} ended with {numbers['code']}: {tail(log)}")
    return Cost(numbers["wall"], numbers["user"] + numbers["system"], numbers["peak_kib"])


def tail(log: str) -> str:
    with open(log, "rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - LOG_TAIL_BYTES))
        return file.read().decode(errors="replace").strip()
