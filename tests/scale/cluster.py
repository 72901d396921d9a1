"""A scheduler and two workers as people start them, on this machine, for as long as a test needs them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from monitor.scale.crew import Crew
from monitor.scale.hidden import Hidden
from tests.ports import free_port
from tests.scale.stage import process

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Cluster:
    """Its processes; `log` is what they said."""

    address: str
    log: Path
    scheduler: subprocess.Popen[bytes]
    nannies: subprocess.Popen[bytes]

    def end_scheduler(self) -> None:
        """As a power cut would."""
        self.scheduler.kill()
        self.scheduler.wait()


def end_a_worker(crew: Crew) -> None:
    """Ends the process that does the next job, as a lack of memory would; its nanny starts another."""
    os.kill(crew.call("who", process, Hidden(None), 0), signal.SIGKILL)


@contextmanager
def running(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    """A cluster of so many worker processes, which are gone at the end."""
    address, log = f"tcp://127.0.0.1:{free_port()}", folder / "cluster.log"
    with log.open("wb") as out:
        scheduler = _start(out, folder, "scheduler", "--host", address, "--no-dashboard", "--dashboard-address", ":0")
        nannies = _start(
            out,
            folder,
            "worker",
            address,
            *("--host", "127.0.0.1", "--nworkers", str(workers), "--nthreads", "1", "--no-dashboard"),
            *("--local-directory", str(folder), "--death-timeout", "60"),
        )
    try:
        yield Cluster(address, log, scheduler, nannies)
    finally:
        for one in (nannies, scheduler):
            _end(one)


def _start(out: BinaryIO, folder: Path, *command: str) -> subprocess.Popen[bytes]:
    """In a group of its own, whose every process ends with it."""
    return subprocess.Popen(
        [sys.executable, "-m", "dask", *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
