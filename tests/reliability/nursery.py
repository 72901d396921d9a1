"""Starts many processes of the test build quickly: one process imports everything once and forks the others.

`python -m tests.reliability.nursery` reads one JSON line per child on its input and tells births and ends on its
output. Children die with it. What is started the slow way (`Spawner`) behaves the same.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import sys
import traceback
from typing import Any


def die_with_parent() -> None:
    """Asks Linux to end this process when its parent does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def warm() -> None:
    """Imports what every command needs, so that a child is born with it."""
    from datetime import date

    import monitor.cli.commands
    import monitor.daemon
    import monitor.delivery
    import monitor.pipeline  # noqa: F401
    import tests.reliability.app  # noqa: F401
    from monitor.sources.calendars import sessions_between

    sessions_between("XNYS", date(2000, 1, 1), date(2027, 12, 1))


def child(order: dict[str, Any]) -> int:
    """The life of one child: the exit code."""
    die_with_parent()
    os.setsid()
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number in (1, 2):
        os.dup2(log, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    from tests.reliability.app import main

    return main(order["args"])


def born(order: dict[str, Any]) -> int:
    """Forks; the child never returns."""
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        code = child(order)
    except BaseException:  # noqa: BLE001 - written to the child's log
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def tell(**what: object) -> None:
    """One line to the parent."""
    os.write(1, (json.dumps(what) + "\n").encode())


def serve() -> None:
    """Until the input ends."""
    die_with_parent()
    warm()
    tell(ready=True)
    alive: dict[int, int] = {}
    waiting = b""
    while True:
        ready, _, _ = select.select([0, *alive], [], [])
        for descriptor in ready:
            if descriptor:
                pid = alive.pop(descriptor)
                os.close(descriptor)
                tell(ended=pid, code=os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
                continue
            got = os.read(0, 65536)
            if not got:
                return
            *lines, waiting = (waiting + got).split(b"\n")
            for line in lines:
                pid = born(json.loads(line))
                alive[os.pidfd_open(pid)] = pid
                tell(started=pid)


if __name__ == "__main__":
    serve()
