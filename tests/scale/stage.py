"""What the tests of many processes share: a history of two funds, a crew in this process, jobs that misbehave."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

import requests

from monitor import pipeline
from monitor.pipeline import Outcome
from monitor.scale import files
from monitor.scale.crew import Crew, Lost
from monitor.scale.hidden import Hidden
from monitor.scale.turns import turn
from monitor.sources.spec import Source
from monitor.store.engine import Engine
from tests.scenarios.stories import LANTERN, NOW, QUILL, ROWAN, File, file, portfolio

A = TypeVar("A")
K = TypeVar("K")
R = TypeVar("R")
SECRET = "hunter2-and-more"  # a password that must be seen nowhere
POISON = b"ends who reads it"


def history(sessions: int = 20, funds: Sequence[str] = ("LANA", "LANB")) -> list[File]:
    """Files of so many sessions in which lines enter, leave and come back."""
    return [file(fund, n, portfolio(*_guests(n, fund))) for fund in funds for n in range(sessions)]


def _guests(number: int, fund: str) -> list[Any]:
    found = [QUILL] if 5 <= number < 9 or number >= 14 else []
    return [*found, ROWAN] if fund == "LANB" and number >= 7 else found


def address(engine: Engine) -> str:
    """The database's address, as a configuration would have it."""
    return engine.url.render_as_string(hide_password=False)


def kit(engine: Engine, source: Source = LANTERN) -> files.Kit:
    """What the jobs of the invented issuer need."""
    return files.Kit(address(engine), source, NOW)


def taken(
    crew: Crew, engine: Engine, found: Iterable[File], progress: Callable[[str, int], None] = files.quiet
) -> files.Taken:
    """Files taken in by workers."""
    return files.ingest(crew, engine, kit(engine), pipeline.local(found), progress)


def alone(engine: Engine, found: Iterable[File], source: Source = LANTERN) -> Outcome:
    """The same by one process."""
    return pipeline.ingest(engine, source, found, now=NOW, alert=False, plan=pipeline.AlertPlan(), progress=files.quiet)


class Here:
    """A crew of one: this process. It packs what it does, as if it went elsewhere; it may forget results."""

    def __init__(self, forgets: int = 0) -> None:
        self.forgets, self.names = forgets, list[str]()

    def call(self, name: str, function: Callable[[Hidden[K], A], R], kit: Hidden[K], job: A) -> R:
        """The result of one job."""
        (found,) = [result for _, result in self.each(name, function, kit, [job])]
        assert not isinstance(found, Lost)
        return found

    def each(
        self,
        name: str,
        function: Callable[[Hidden[K], A], R],
        kit: Hidden[K],
        jobs: Iterable[A],
        parts: Callable[[A], Sequence[A]] = lambda job: [job],
    ) -> Iterator[tuple[A, R | Lost]]:
        """Each job with its result; done once more for every result that is lost on its way."""
        for job in jobs:
            self.names.append(name)
            if self.forgets:
                self.forgets -= 1
                function(kit, job)
            yield job, function(kit, job)

    def turn(self, _name: str, _pause: float) -> AbstractContextManager[None]:
        """It is always ours."""
        return nullcontext()


# --- jobs -----------------------------------------------------------------------------------------


def square(kit: Hidden[int], job: int) -> int:
    """So much work as that."""
    return job * job * kit.value


def ends_at_three(_kit: Hidden[int], job: int) -> int:
    """Ends its process for one job."""
    if job == 3:
        os._exit(9)
    return job


def store_or_end(kit: Hidden[files.Kit], chunk: files.Chunk) -> tuple[Any, ...]:
    """Stores files, or ends its process where one of them is poison."""
    if any(POISON in body.content for body in chunk.bodies):
        os._exit(9)
    return files.store(kit, chunk)


def is_a_bug(_kit: Hidden[Any], job: object) -> object:
    """Fails as nobody meant it to."""
    raise ZeroDivisionError(f"of {job!r}")


def process(_kit: Hidden[Any], _job: object) -> int:
    """The number of the process that does it."""
    return os.getpid()


def asks_in_turn(kit: Hidden[str], path: str) -> int:
    """Asks a server when it is our turn."""
    with turn("issuer:lantern", 0.0):
        return requests.get(kit.value + path, timeout=60).status_code


def asks_at_once(kit: Hidden[str], path: str) -> int:
    """Asks a server, whoever else does."""
    return requests.get(kit.value + path, timeout=60).status_code
