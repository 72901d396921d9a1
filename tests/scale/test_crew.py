"""How jobs are handed out and taken back, with a scheduler that is made up: room, lost results, nobody there."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import Any

import pytest

from monitor.core.errors import StoreError, UsageError
from monitor.scale import crew as module
from monitor.scale import work
from monitor.scale.crew import AHEAD, Crew, CrewLost, Lost
from monitor.scale.hidden import Hidden
from tests.scale.stage import square


class KilledWorker(Exception):
    """Bears the name of Dask's own."""


class FakeFuture:
    """Done at once, or never; `answers` come one for each time it is asked."""

    def __init__(self, *answers: object, is_done: bool = True) -> None:
        self.answers, self.is_done = list(answers), is_done
        self.status = "error" if isinstance(answers[-1], Exception) else "finished"

    def add_done_callback(self, done: Callable[[object], None]) -> None:
        """Calls it."""
        if self.is_done:
            done(self)

    def result(self, timeout: float) -> object:
        """The next answer."""
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer


class FakeClient:
    """Gives the futures it was told, in order; then the results."""

    def __init__(self, *futures: FakeFuture, threads: int = 2) -> None:
        self.futures, self.threads = list(futures), threads
        self.keys: list[str] = []
        self.cancelled: list[Any] = []

    def nthreads(self) -> dict[str, int]:
        """One worker with so many threads, or none."""
        return {"tcp://a": self.threads} if self.threads else {}

    def submit(self, function: Any, wanted: str, job: Any, kit: Any, argument: Any, **named: Any) -> FakeFuture:
        """The next future."""
        assert named["pure"] is False
        self.keys.append(named["key"])
        return self.futures.pop(0) if self.futures else FakeFuture(function(wanted, job, kit, argument))

    def cancel(self, futures: list[Any], **_named: Any) -> None:
        """Remembers them."""
        self.cancelled += futures


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits."""
    monkeypatch.setattr(module, "LOOK", 0.001)
    monkeypatch.setattr(work, "SETTLED", 0.0)


def each(client: FakeClient, jobs: list[int]) -> list[tuple[int, object]]:
    return list(Crew(client, "there").each("square", square, Hidden(1), jobs))


def test_keys_say_what_is_done_and_are_never_the_same() -> None:
    client = FakeClient()
    assert each(client, [1, 2, 3]) == [(1, 1), (2, 4), (3, 9)]
    assert all(key.startswith("square-") for key in client.keys)
    assert len(set(client.keys)) == 3


def test_no_more_jobs_are_made_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    monkeypatch.setattr(module, "LONELY", -1.0)
    client = FakeClient(*[FakeFuture(0, is_done=False) for _ in range(20)])
    crew = Crew(client, "there")

    def jobs() -> Any:
        for number in range(20):
            made.append(number)
            if len(made) > AHEAD * 2:
                client.threads = 0  # whoever waits for room is told that nobody is there any more
            yield number

    with pytest.raises(CrewLost, match=r"No worker has been at there for"):
        list(crew.each("square", square, Hidden(1), jobs()))
    assert len(made) == AHEAD * 2 + 1  # the one that waits for room
    assert crew.largest == AHEAD * 2
    assert len(client.cancelled) == AHEAD * 2


def test_a_result_that_was_lost_with_its_worker_is_waited_for() -> None:
    assert each(FakeClient(FakeFuture(TimeoutError(), TimeoutError(), 16)), [4]) == [(4, 16)]


def test_a_job_may_time_out_by_itself() -> None:
    with pytest.raises(TimeoutError):
        each(FakeClient(FakeFuture(TimeoutError())), [4])


def test_a_scheduler_that_is_gone_is_said() -> None:
    with pytest.raises(CrewLost, match=r"The scheduler at there is gone\. What was stored is kept"):
        each(FakeClient(FakeFuture(CancelledError())), [4])


def test_who_ends_workers_is_tried_alone_and_named_at_the_end() -> None:
    killed = [FakeFuture(KilledWorker()) for _ in range(2)]
    client = FakeClient(killed[0], FakeFuture(4), killed[1], FakeFuture(KilledWorker()))
    assert each(client, [1, 2, 3]) == [(2, 4), (1, 1), (3, 9)]  # innocent: they were where another one ended
    guilty = FakeClient(*[FakeFuture(KilledWorker()) for _ in range(3)])
    ((job, lost),) = each(guilty, [7])
    assert job == 7
    assert isinstance(lost, Lost)
    with pytest.raises(StoreError, match="square: it ended every process"):
        Crew(FakeClient(*[FakeFuture(KilledWorker()) for _ in range(3)]), "there").call("square", square, Hidden(1), 7)


def test_trouble_is_raised_at_once_and_a_bug_at_the_end() -> None:
    with pytest.raises(UsageError, match="Install"):
        each(FakeClient(FakeFuture(work.Trouble("Install it", "usage"))), [1, 2])
    client = FakeClient(FakeFuture(ZeroDivisionError()), FakeFuture(4))
    found = []
    with pytest.raises(ZeroDivisionError):
        for job, _ in Crew(client, "there").each("square", square, Hidden(1), [1, 2, 3]):
            found.append(job)
    assert found == [2, 3]


def test_workers_of_our_own_that_stay_away_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REPLACED", -1.0)
    client, asked = FakeClient(FakeFuture(TimeoutError(), TimeoutError(), TimeoutError(), 1), threads=3), list[int]()

    def more(missing: int) -> None:
        asked.append(missing)
        client.threads += missing

    crew = Crew(client, "here", more)
    client.threads = 1
    assert crew.call("square", square, Hidden(1), 1) == 1
    assert (asked, crew.size) == ([2], 3)


def test_workers_of_our_own_that_come_one_after_the_other_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REPLACED", -1.0)
    asked = list[int]()

    class Slow(FakeClient):
        """One more worker at every look."""

        def nthreads(self) -> dict[str, int]:
            self.threads = min(self.threads + 1, 4)
            return super().nthreads()

    client = Slow(FakeFuture(*[TimeoutError()] * 6, 1), threads=-1)
    crew = Crew(client, "here", asked.append, coming=4)
    assert crew.call("square", square, Hidden(1), 1) == 1
    assert (asked, crew.size) == ([], 4)


def test_workers_that_come_later_get_jobs_although_those_that_are_there_are_quick(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LOOK", 0.0)
    client = FakeClient(threads=1)
    crew = Crew(client, "there")
    for number, _ in enumerate(crew.each("square", square, Hidden(1), range(6))):
        client.threads = number + 2
    assert crew.size > 1
