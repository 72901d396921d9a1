"""A scheduler and two workers as people start them, on this machine, for as long as a test needs them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import BinaryIO

import trustme
import yaml

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
def running(folder: Path, workers: int = 2, *, tls: bool = False) -> Iterator[Cluster]:
    """A cluster of so many worker processes, which are gone at the end; with `tls` as `deploy/dask` configures it."""
    address, log = f"{'tls' if tls else 'tcp'}://127.0.0.1:{free_port()}", folder / "cluster.log"
    if tls:
        _certify(folder)
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


def _certify(folder: Path) -> None:
    """An authority, a certificate, and the configuration we ship, with this folder in it."""
    authority = trustme.CA()
    ours = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    ours.private_key_pem.write_to_path(str(folder / "dask.key"))
    ours.cert_chain_pems[0].write_to_path(str(folder / "dask.pem"))
    shipped = (ROOT / "deploy" / "dask" / "tls.yaml").read_text("utf-8")
    (folder / "tls.yaml").write_text(shipped.replace("/etc/holdings-monitor/dask", str(folder)), "utf-8")


@contextmanager
def certified(folder: Path) -> Iterator[None]:
    """While it is open this process speaks as the folder's configuration says."""
    import_module("distributed")  # its own configuration comes first
    config = import_module("dask").config
    with config.set(config.merge(config.config, yaml.safe_load((folder / "tls.yaml").read_text("utf-8")))):
        yield


def _start(out: BinaryIO, folder: Path, *command: str) -> subprocess.Popen[bytes]:
    """In a group of its own, whose every process ends with it."""
    return subprocess.Popen(
        [sys.executable, "-m", "dask", *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "DASK_CONFIG": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
