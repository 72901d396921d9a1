"""Every fault of Slack, the mail server and a webhook at once, and refusals for good."""

from __future__ import annotations

from tests.reliability import faults
from tests.reliability.report import trying
from tests.reliability.stage import Stage


def test_what_passes_delays_and_loses_nothing(stage: Stage) -> None:
    with trying("P3", "passing trouble") as result:
        faults._passing(stage, "sqlite", result)
    assert result.holds, "\n".join(result.failures)
    assert result.announced == 4  # where nobody can look


def test_what_is_refused_for_good_is_told_once_and_kept(stage: Stage) -> None:
    with trying("P4", "lasting trouble") as result:
        faults._lasting(stage, "postgres", result)
    assert result.holds, "\n".join(result.failures)
