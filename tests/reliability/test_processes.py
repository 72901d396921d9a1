"""Two daemons on one database: killed now and then, and asleep past their lease."""

from __future__ import annotations

import pytest

from tests.reliability import processes
from tests.reliability.report import trying
from tests.reliability.stage import KINDS, Stage


@pytest.mark.parametrize("kind", KINDS)
def test_two_daemons_with_random_kills_tell_everything_once(stage: Stage, kind: str) -> None:
    with trying("P11", "two daemons") as result:
        processes.crowd(stage, kind, 2, result, days=2)
    assert result.holds, "\n".join(result.failures)


@pytest.mark.parametrize(("kind", "point"), [("postgres", "after-download")])
def test_a_daemon_asleep_past_its_lease_does_no_harm(stage: Stage, kind: str, point: str) -> None:
    with trying("P11", "asleep") as result:
        processes.asleep(stage, kind, result, (point,))
    assert result.holds, "\n".join(result.failures)
