"""Which checks the words of a verdict lead to, and how rows written for people are read."""

from __future__ import annotations

import pytest

from tests.accuracy import change_checks, file_checks
from tests.accuracy.expectations import of_labels
from tests.accuracy.report import Bar, Section, at_least, document, holds, printed, share
from tests.accuracy.vocabulary import Check, checks_of


@pytest.mark.parametrize(
    ("verdict", "wanted"),
    [
        ("RE-ENTRY", [change_checks.re_entry]),
        (
            "re-entry, first since 4 Mar 2021 (212 sessions)",
            [change_checks.re_entry, change_checks.absence, change_checks.first_since],
        ),
        (
            "effective exit in file 2021-03-04, strict exit 2021-04-05",
            [change_checks.effective_exit, change_checks.strict_exit],
        ),
        ("exit", [change_checks.exited]),
        ("reject", [file_checks.refused]),
        ("quarantine (half of the rows)", [file_checks.quarantined]),
        (
            "identifier-format break: quarantine identity, no events",
            [file_checks.identity_break, change_checks.no_trade],
        ),
        ("1:12 reverse split", [change_checks.split]),
        ("SPLIT 3:1 (10 -> 30 sh)", [change_checks.split]),
        ("2:1 split + bought 4,321", [change_checks.split, change_checks.bought]),
        ("issuer-first initiation by 2 funds", [change_checks.first_at_issuer]),
        ("initiation at an offering", [change_checks.initiation]),
        ("never left", [change_checks.never_left]),
        ("index rebalance, one digest entry", [change_checks.rebalance]),
        ("price event, no trade", [change_checks.no_trade]),
        ("two real trades", [change_checks.two_trades]),
        ("something else altogether", []),
    ],
)
def test_words_lead_to_checks(verdict: str, wanted: list[Check]) -> None:
    assert sorted(check.__name__ for _, check in checks_of(verdict)) == sorted(one.__name__ for one in wanted)


def test_labels_are_grouped_by_the_first_words_of_their_verdict() -> None:
    row = {"fund": "F", "date": "2021-01-04", "security": "S", "cusip": "", "evidence": "", "reason": ""}
    found = of_labels([row | {"true_event": "SPLIT 3:1 (1 -> 3 sh)"}, row | {"true_event": "SPAC MERGER (5 sh)"}])
    assert [one.kind for one in found] == ["SPLIT", "SPAC MERGER"]


def test_a_bar_without_anything_to_measure_fails_nothing() -> None:
    sections = [Section("One", bars=[at_least("a", share(0, 0), 0.5), at_least("b", share(3, 4), 0.5)])]
    assert holds(sections)
    assert printed(sections)[-1].strip() == "All bars hold."
    sections.append(Section("Two", bars=[Bar("c", "1", "0", False)]))
    assert not holds(sections)
    assert printed(sections)[-1].strip() == "1 of 3 bars fail."
    written = document(sections)
    assert isinstance(written, dict)
    assert [bar["holds"] for bar in written["bars"]] == [None, True, False]
