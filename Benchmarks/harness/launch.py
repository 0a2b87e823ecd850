"""Runs a command and prints what it cost as JSON. A process of its own, with few imports, because Linux counts the memory of
the process that starts another as that one's peak: what is measured below some 10 MiB is this launcher."""

import os
import sys
import time


def main(log: str, command: list[str]) -> None:
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    streams = [(os.POSIX_SPAWN_DUP2, file, 1), (os.POSIX_SPAWN_DUP2, file, 2)]
    begin = time.monotonic()
    child = os.posix_spawn(command[0], command, os.environ, file_actions=streams)
    _, status, usage = os.wait4(child, 0)
    wall = time.monotonic() - begin
    code = os.waitstatus_to_exitcode(status)
    print(
        f'{{"wall": {wall:.6f}, "user": {usage.ru_utime:.6f}, "system": {usage.ru_stime:.6f}, '
        f'"peak_kib": {usage.ru_maxrss}, "code": {code}}}'
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
