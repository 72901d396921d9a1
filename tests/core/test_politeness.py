"""Servers that fail are left alone longer and longer; what they ask for is done; one missing file is no failure."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.core.politeness import FIRST_WAIT, LONGEST_WAIT, Breaker, Tally, after, is_server_failure
from tests.core.samples import NOW

FAILED = Tally(failures=3, detail="answered 503")


def test_waits_grow_with_each_failed_pass_and_end_at_an_hour() -> None:
    breaker = Breaker()
    waits = []
    for _ in range(12):
        breaker = after(breaker, FAILED, NOW, jitter=0.5)
        assert breaker.not_before is not None
        waits.append(breaker.not_before - NOW)
    assert waits[:4] == [FIRST_WAIT * factor for factor in (1, 2, 4, 8)]
    assert waits[-1] == LONGEST_WAIT
    assert after(Breaker(5000), FAILED, NOW, 0.5).failures == 5001


def test_jitter_spreads_by_a_quarter() -> None:
    early, late = (after(Breaker(), FAILED, NOW, one).not_before for one in (0, 1))
    assert early is not None
    assert late is not None
    assert (early - NOW, late - NOW) == (FIRST_WAIT * 0.75, FIRST_WAIT * 1.25)


def test_what_the_server_asks_for_is_done_even_when_some_files_came() -> None:
    day = 86_400.0
    assert after(Breaker(), Tally(failures=1, retry_after=day), NOW, 0).not_before == NOW + timedelta(days=1)
    soon = Tally(failures=1, retry_after=1)
    assert after(Breaker(), soon, NOW, 0).not_before == NOW + timedelta(seconds=1)
    assert after(Breaker(5), soon, NOW, 0.5).not_before == NOW + FIRST_WAIT * 32  # it has said so before
    mixed = after(Breaker(2), Tally(answers=1, failures=1, retry_after=60, detail="429"), NOW, 0)
    assert (mixed.failures, mixed.not_before, mixed.detail) == (0, NOW + timedelta(minutes=1), "429")


def test_one_answer_closes_the_breaker_and_no_pass_changes_nothing() -> None:
    opened = Breaker(3, NOW, "down", NOW)
    assert opened.is_open
    assert after(opened, Tally(answers=1), NOW, 0) == Breaker(0, None, "", NOW)
    assert after(opened, Tally(), NOW, 0) is opened


def test_an_open_breaker_lets_one_probe_through() -> None:
    assert (Breaker(2).patience, Breaker(3).patience) == (3, 1)


def test_nobody_asks_before_the_time_unless_a_wrong_clock_set_it() -> None:
    waiting = Breaker(1, NOW + timedelta(minutes=1), "", NOW)
    assert not waiting.may_ask(NOW)
    assert waiting.may_ask(NOW + timedelta(minutes=1))
    assert Breaker().may_ask(NOW)
    assert Breaker(1, NOW + timedelta(days=3), "", NOW + timedelta(days=3)).may_ask(NOW)


@pytest.mark.parametrize(("status", "failure"), [(404, False), (410, False), (503, True), (429, True), (None, True)])
def test_a_missing_file_is_not_a_failure_of_the_server(status: int | None, failure: bool) -> None:
    assert is_server_failure(status) is failure
