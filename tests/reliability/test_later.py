"""A death while a digest is gathered, and one between the edit of the first message and the reply."""

from __future__ import annotations

import pytest

from tests.reliability import later
from tests.reliability.report import trying
from tests.reliability.stage import Stage


@pytest.mark.parametrize(("kind", "points"), [("postgres", ("mid-gather", "after-send"))])
def test_a_death_while_a_digest_is_gathered_loses_and_repeats_no_line(
    stage: Stage, kind: str, points: tuple[str, ...]
) -> None:
    with trying("P1", "digest") as result:
        later.digest(stage, kind, result, points)
    assert result.holds, "\n".join(result.failures)
    assert result.cases == len(points)


@pytest.mark.parametrize(("kind", "points"), [("sqlite", ("after-edit", "after-send"))])
def test_a_death_while_a_message_is_corrected_leaves_one_thread(
    stage: Stage, kind: str, points: tuple[str, ...]
) -> None:
    with trying("P8", "correction") as result:
        later.thread(stage, kind, result, points)
    assert result.holds, "\n".join(result.failures)
    assert result.cases == len(points)
