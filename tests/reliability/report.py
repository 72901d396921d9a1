"""The table: promise, cases tried, lost, repeated, result."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.accuracy.report import table, wrapped
from tests.reliability.visible import Count


@dataclass
class Result:
    """How one promise did. `announced` are repeats that said so where nobody can look."""

    promise: str
    what: str
    cases: int = 0
    lost: int = 0
    repeated: int = 0
    announced: int = 0
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    numbers: dict[str, object] = field(default_factory=dict)
    skipped: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing failed."""
        return not (self.failures or self.lost or self.repeated)

    @property
    def word(self) -> str:
        """The result in a word."""
        return "not here" if self.skipped else "holds" if self.holds else "FAILS"

    def case(self, name: str, count: Count | None = None, faults: Iterable[str] = ()) -> None:
        """One case was tried; what is wrong with it."""
        self.cases += 1
        self.failures += [f"{name}: {fault}" for fault in faults]
        if count is None:
            return
        self.lost += len(count.lost)
        self.repeated += len(count.repeated)
        self.announced += len(count.marked)
        for word, keys in (("lost", count.lost), ("repeated", count.repeated), ("unexpected", count.unexpected)):
            if keys:
                self.failures.append(f"{name}: {word} {', '.join(keys[:5])}")


@contextmanager
def trying(promise: str, what: str) -> Iterator[Result]:
    """A result that is being made; an assertion that fails is a failure of it."""
    result = Result(promise, what)
    start = time.monotonic()
    try:
        yield result
    except AssertionError as error:
        result.failures.append(str(error) or repr(error))
    except Exception:  # noqa: BLE001 - the other promises are tried all the same
        result.failures.append(traceback.format_exc(limit=-6))
    finally:
        result.seconds = time.monotonic() - start


def printed(results: Sequence[Result]) -> list[str]:
    """The whole table, and below it what failed."""
    rows = [(r.promise, r.what, r.cases, r.lost, r.repeated, r.announced, f"{r.seconds:.0f}", r.word) for r in results]
    lines = table(("promise", "what was tried", "cases", "lost", "repeated", "announced", "s", "result"), rows)
    for result in results:
        lines += [f"  {result.promise}: {note}" for note in result.notes]
    for result in results:
        if result.skipped:
            lines += wrapped(f"{result.promise} not here: {result.skipped}")
        for failure in result.failures:
            lines += ["", f"{result.promise} FAILS", *(f"    {line}" for line in failure.splitlines())]
    bad = sum(not result.holds for result in results)
    lines += ["", "Every promise holds." if not bad else f"{bad} of {len(results)} lines fail."]
    return lines


def document(results: Iterable[Result]) -> list[dict[str, object]]:
    """The same for scripts."""
    return [
        {
            "promise": r.promise,
            "what": r.what,
            "cases": r.cases,
            "lost": r.lost,
            "repeated": r.repeated,
            "announced": r.announced,
            "seconds": round(r.seconds, 1),
            "result": r.word,
            "failures": r.failures,
            "notes": r.notes,
            **({"numbers": r.numbers} if r.numbers else {}),
        }
        for r in results
    ]
