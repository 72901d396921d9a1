"""Whoever is killed in the middle: a second call goes on, and nothing is lost, doubled or said aloud.

On a scheduler and workers as people start them, with SQLite and PostgreSQL.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from monitor.core.errors import UsageError
from monitor.scale import files, opening
from monitor.scale.crew import Crew, CrewLost
from monitor.scale.hidden import Hidden
from monitor.scale.opening import crew
from monitor.scale.where import Where
from monitor.store.engine import Engine, open_engine
from tests.backfill.stage import rows
from tests.scale import stage as jobs
from tests.scale.cluster import ROOT, Cluster, certified, end_a_worker, running
from tests.scale.stage import SECRET, address, alone, history, taken
from tests.scenarios.stories import LANTERN, NOW


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few files in a job that there are ten of them, of which six are not begun when the first is done."""
    monkeypatch.setattr(files, "FILES", 4)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One that outlives its workers and clients."""
    with running(tmp_path_factory.mktemp("cluster")) as one:
        yield one


@pytest.fixture
def expected(lite: Engine) -> object:
    """What one process makes of the history."""
    alone(lite, history())
    return rows(lite)


@pytest.fixture
def guarded(stage: Engine) -> Iterator[Engine]:
    """The database, on PostgreSQL with a password in its address."""
    url = make_url(address(stage))
    if url.get_backend_name() == "postgresql":
        url = url.set(password=SECRET)
    engine = open_engine(url.render_as_string(hide_password=False))
    yield engine
    engine.dispose()


def once(act: Callable[[], None]) -> Callable[[str, int], None]:
    """Progress that does something when the first job is done."""
    todo = [act]

    def progress(_text: str, _count: int) -> None:
        if todo:
            todo.pop()()

    return progress


@contextmanager
def joined(cluster: Cluster) -> Iterator[Crew]:
    with crew(Where(address=cluster.address)) as found:
        yield found


def test_a_worker_that_is_killed_costs_nothing(cluster: Cluster, guarded: Engine, expected: object) -> None:
    with joined(cluster) as workers:
        done = taken(workers, guarded, history(), once(lambda: end_a_worker(workers)))
    assert rows(guarded) == expected
    assert len(done.outcome.files) == len(history())
    assert done.unread == ()


def test_after_the_client_was_killed_the_same_call_goes_on(cluster: Cluster, guarded: Engine, expected: object) -> None:
    command = [sys.executable, "-m", "tests.scale.client", cluster.address, address(guarded)]
    killed = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120, check=False)
    assert killed.returncode == -9, killed.stderr
    assert rows(guarded) != expected
    with joined(cluster) as workers:
        taken(workers, guarded, history())
    assert rows(guarded) == expected


def test_after_the_scheduler_was_killed_the_same_call_goes_on_elsewhere(
    tmp_path: Path, cluster: Cluster, guarded: Engine, expected: object
) -> None:
    gone = r"scheduler at .* is gone\. What was stored is kept"
    with (
        running(tmp_path, workers=1, tls=True) as other,
        certified(tmp_path),
        joined(other) as workers,
        pytest.raises(CrewLost, match=gone),
    ):
        taken(workers, guarded, history(), once(other.end_scheduler))
    with joined(cluster) as workers:
        taken(workers, guarded, history())
    assert rows(guarded) == expected
    assert SECRET not in other.log.read_text("utf-8")


def test_nothing_says_the_password(cluster: Cluster, lite: Engine) -> None:
    wrong = files.Kit(f"postgresql://me:{SECRET}@127.0.0.1:1/nowhere", LANTERN, NOW)
    with joined(cluster) as workers:
        for function in (jobs.is_a_bug, files.derive):
            with pytest.raises(Exception, match=r"of 'lantern'|cannot use the database") as caught:
                workers.call("derive", function, Hidden(wrong), "lantern")
            assert SECRET not in repr(caught.value)
        client = workers._client
        said = [repr(client.get_worker_logs()), repr(client.get_scheduler_logs()), repr(client.get_events())]
        said += [repr(client.story()), cluster.log.read_text("utf-8")]
    assert "ZeroDivisionError" in said[0]
    assert [SECRET in text for text in said] == [False] * len(said)


def test_a_place_without_a_scheduler_is_named(monkeypatch: pytest.MonkeyPatch, cluster: Cluster) -> None:
    monkeypatch.setattr(opening, "ANSWER", 0.5)
    with pytest.raises(CrewLost, match="No scheduler answers"), crew(Where("tcp://127.0.0.1:1")):
        pass
    with joined(cluster) as workers:
        found = workers._client.get_versions(packages=["holdings-monitor"])
    opening.refuse_versions(found)
    for one in found["workers"].values():
        one["packages"] = {**one["packages"], "holdings-monitor": "0.0.9", "python": "3.10.1.final.0"}
    with pytest.raises(UsageError, match=r"has python 3\.10, .*has holdings-monitor 0\.0\.9, this is"):
        opening.refuse_versions(found)
