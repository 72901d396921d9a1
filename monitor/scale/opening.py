"""Opens a crew: the workers of a scheduler somewhere, or processes of our own that end with us."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from monitor.core.errors import UsageError
from monitor.scale.crew import Crew, CrewLost
from monitor.scale.where import NEEDED, Where

ANSWER = 10.0  # seconds in which a scheduler must answer
FIRST = 60.0  # seconds in which a first worker must come
SAME = ("dask", "distributed", "holdings-monitor")  # packages whose versions must be equal at both ends
END = 5.0  # seconds in which our own processes end
HERE = "this machine"
LOADED = ["monitor.backfill.far"]  # with all that jobs are made of, while we look what there is to do
OWN = {  # how processes of our own differ from what Dask does by itself
    "distributed.scheduler.allowed-failures": 0,  # who ends one process is looked at alone
    "distributed.scheduler.worker-saturation": 1.0,  # no job waits behind a long one while another process is idle
    "distributed.deploy.lost-worker-timeout": "1h",  # a machine that is busy takes long to start another
    "distributed.scheduler.http.routes": [],  # nothing is shown to anybody
    "distributed.worker.http.routes": [],
    # Nobody looks at what Dask measures of itself, which took a tenth of the work of two processes.
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.admin.system-monitor.disk": False,
    "distributed.admin.system-monitor.gil.enabled": False,
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.worker.profile.enabled": False,
    "distributed.worker.memory.monitor-interval": "500ms",
    "distributed.nanny.pre-spawn-environ": {},  # by itself it has memory given back at once, and taken anew
}


@contextmanager
def crew(where: Where) -> Iterator[Crew]:
    """The workers: ours as they start, others once there is one and all are of our version. Raises UsageError and
    CrewLost."""
    if find_spec("distributed") is None:
        raise UsageError(NEEDED)
    if where.address:
        with _client(where.address, where.address) as client:
            _first_worker(client, where.address)
            refuse_versions(client.get_versions(packages=["holdings-monitor"]))
            yield Crew(client, where.address)
        return
    with _own(where.workers) as cluster, _client(cluster, HERE, cluster.security) as client:
        cluster.scale(where.workers)  # they start while we look what there is to do
        # One that ended in the middle of its start is not brought back: then there are others.
        more = lambda missing: cluster.scale(len(cluster.worker_spec) + missing)  # noqa: E731
        yield Crew(client, HERE, more, where.workers)


@contextmanager
def _client(target: Any, shown: str, security: Any = None) -> Iterator[Any]:
    distributed: Any = import_module("distributed")  # some of it has types, most has none
    try:
        with _quietly():
            client = distributed.Client(
                target, security=security, timeout=ANSWER, set_as_default=False, name="holdings-monitor"
            )
    except (OSError, TimeoutError, RuntimeError, ValueError, TypeError) as error:
        raise CrewLost(
            f"No scheduler answers at {shown} ({type(error).__name__}). Is it running there (dask scheduler), and does"
            " it want tls://?"
        ) from None
    try:
        yield client
    finally:
        with _quietly():
            client.close(timeout=END)


@contextmanager
def _own(workers: int) -> Iterator[Any]:
    """Processes of our own. Whoever else is on this machine cannot speak to them: keys are made for this run."""
    dask: Any = import_module("dask")
    distributed: Any = import_module("distributed")
    with dask.config.set(OWN), _quietly():
        cluster = distributed.LocalCluster(
            n_workers=0,
            threads_per_worker=1,
            memory_limit=1 / workers,
            preload=LOADED,
            processes=True,
            host="127.0.0.1",
            protocol="tls://",
            security=distributed.Security.temporary(),
            dashboard_address="127.0.0.1:0",
            worker_dashboard_address=None,
            scheduler_kwargs={"dashboard": False},
            silence_logs=logging.CRITICAL,
        )
        try:
            yield cluster
        finally:
            cluster.close(timeout=END)


def _first_worker(client: Any, shown: str) -> None:
    try:
        client.wait_for_workers(1, timeout=FIRST)
    except TimeoutError:
        raise CrewLost(f"No worker came to the scheduler at {shown}. Start one: dask worker {shown}") from None


def refuse_versions(found: Mapping[str, Any]) -> None:
    """Raises UsageError where the scheduler or a worker has another version of what must be equal at both ends."""
    ours = _versions(found["client"])
    faults = []
    for name, there in [("the scheduler", found["scheduler"]), *found["workers"].items()]:
        theirs = _versions(there)
        packages = [one for one in ours if one != "holdings-monitor" or there is not found["scheduler"]]
        faults += [
            f"{name} has {package} {theirs.get(package) or 'nowhere'}, this is {ours[package]}"
            for package in packages
            if theirs.get(package) != ours[package]
        ]
    if faults:
        raise UsageError(f"The versions differ: {'; '.join(faults[:10])}. Install the same ones everywhere.")


def _versions(host: Mapping[str, Any]) -> dict[str, str | None]:
    """Of the packages that matter; of Python the first two numbers."""
    packages: Mapping[str, str | None] = host["packages"]
    python = ".".join(str(packages.get("python")).split(".")[:2])
    return {"python": python, **{name: packages.get(name) for name in SAME}}


@contextmanager
def _quietly() -> Iterator[None]:
    """Without what Dask itself says of connections that are refused or end: we say it."""
    log = logging.getLogger("distributed")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)
