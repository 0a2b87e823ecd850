"""What a measurement ran on."""

import os
import platform
import time


def describe() -> dict:
    return {
        "cpu": cpu(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": system(),
        "kernel": platform.release(),
        "date": time.strftime("%Y-%m-%d"),
    }


def sentence(machine: dict) -> str:
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}, "
        f"Linux {machine['kernel']}, {machine['date']}"
    )


def cpu() -> str:
    return value_in("/proc/cpuinfo", "model name", ":") or platform.machine()


def system() -> str:
    return value_in("/etc/os-release", "PRETTY_NAME", "=") or platform.platform()


def value_in(path: str, name: str, separator: str) -> str | None:
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.startswith(name):
                    return line.partition(separator)[2].strip().strip('"')
    except OSError:
        pass
    return None
