"""A whole issuer is down for a while: the daemon says so once, and once that it is over."""

from __future__ import annotations

from tests.reliability import blind
from tests.reliability.report import trying
from tests.reliability.stage import Stage


def test_an_issuer_that_is_down_is_one_notice_and_one_end(stage: Stage) -> None:
    with trying("P13", "issuer down") as result:
        blind.outages(stage, "sqlite", result, blind.CASES[1:])
    assert result.holds, "\n".join(result.failures)
