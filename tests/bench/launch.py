"""Starts one command and writes what it cost into a file: `python -I -S launch.py FILE COMMAND…`.

A process of its own and as small as can be, because Linux tells of a started process at least the memory that its
parent had. It imports nothing but the standard library's smallest parts.
"""

import os
import sys
import time


def main() -> int:
    """Runs, waits, writes `seconds cpu peak-bytes`, and ends as the command did."""
    began = time.perf_counter()
    pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - began
    with open(sys.argv[1], "w", encoding="ascii") as file:
        file.write(f"{seconds} {usage.ru_utime + usage.ru_stime} {usage.ru_maxrss * 1024}")
    return os.waitstatus_to_exitcode(status) & 255


if __name__ == "__main__":
    sys.exit(main())
