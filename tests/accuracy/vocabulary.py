"""The words of verdicts, and what each must find: a phrase of `right_verdict` or `true_event` leads to a check.

All phrases found in a verdict are checked; a row is right when none complains. The words are those people wrote in
the tables; nothing here knows the number of a case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tests.accuracy import change_checks, file_checks
from tests.accuracy.expectations import Expectation, Scene, scene
from tests.accuracy.told import History

Check = Callable[[Scene, "re.Match[str]"], Sequence[str]]


class Outcome(StrEnum):
    """What became of a row."""

    RIGHT = "right"
    WRONG = "wrong"
    NOT_HERE = "not here"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True, slots=True)
class Judged:
    """A row's outcome; `complaints` say what was expected and what we said instead."""

    row: Expectation
    outcome: Outcome
    complaints: tuple[str, ...] = ()


RATIO = r"(?P<new>\d+)\s*(?::|-for-)\s*(?P<old>\d+)"
DAY = r"(?P<day>\d{4}-\d{2}-\d{2})"
PHRASES: tuple[tuple[str, Check], ...] = (
    # what a file is
    (r"^reject|^refuse|not a holdings file", file_checks.refused),
    (r"^quarantine(?! identity)|\bquarantined?\b(?! identity)", file_checks.quarantined),
    (r"^accept(?!.*warning)", file_checks.accepted),
    (r"^accept.*warning", file_checks.accepted_with_warning),
    (r"possibly stale|stale positions", file_checks.stale),
    (r"^STALE FILE|source outage", file_checks.outage),
    (rf"^MISSING FILE for {DAY}", file_checks.missing_file),
    (r"^FUND CLOSED|fund (was )?closed|liquidat", file_checks.fund_closed),
    (r"identifier-format break|identity break", file_checks.identity_break),
    # when
    (rf"trades of session {DAY}", file_checks.position_session),
    (rf"position date = .*?{DAY}", file_checks.position_session),
    (r"no session is missing", file_checks.no_session_missing),
    (r"convention changed from (?P<before>[A-Z]+) to (?P<after>[A-Z]+)", file_checks.convention_changed),
    (r"gap event|interval-dated", file_checks.interval_dated),
    (r"next file contains two sessions", file_checks.next_file_has_two_sessions),
    (rf"(?<!not )trade session {DAY}", file_checks.item_session),
    # entries and exits
    (r"issuer-first initiation(?: by (?P<funds>\d+) funds)?", change_checks.first_at_issuer),
    (r"(?<!issuer-first )\binitiat(?:ion|ed)", change_checks.initiation),
    (r"(?i)\bre-?ent(?:ry|ered)\b(?! and)", change_checks.re_entry),
    (r"\bin sessions (?P<from>\d{4}-\d{2}-\d{2})(?:\.\.| … )(?P<to>[\d-]+)", change_checks.entry_interval),
    (r"(?:\(|after )(?P<count>\d+) sessions", change_checks.absence),
    (r"first since (?P<day>\d{1,2} [A-Z][a-z]{2} \d{4})", change_checks.first_since),
    (rf"effective exit (?:in file )?{DAY}", change_checks.effective_exit),
    (rf"strict exit (?:in file )?{DAY}", change_checks.strict_exit),
    (r"(?<!effective )(?<!strict )\b(?:real )?exit(?:ed)?\b(?! and)(?!s)", change_checks.exited),
    (r"never left|same position|type flip|same security|position continues|NO NEW POSITION", change_checks.never_left),
    (r"score (?P<score>\d+)", change_checks.score),
    (r"(?:^|, )(?P<shares>[\d,]{5,}) sh(?=,|$)", change_checks.item_shares),
    (r"\$(?P<money>[\d.]+)M\b", change_checks.item_value),
    # what a line became
    (r"identifier change|IDENTIFIER CHANGE", change_checks.identifier_change),
    (r"(?i)ticker change(?! \(suffix)", change_checks.ticker_change),
    (r"(?i)ticker change \(suffix", change_checks.no_trade),
    (r"(?i)^rename|\brenamed?\b(?!.*URL)", change_checks.renamed),
    (r"(?i)\bmerger\b|conversion\b|successor|exchange offer|reorganisation", change_checks.continues),
    (r"spin-?off received", change_checks.spin_off),
    (rf"(?i)(?P<reverse>reverse )?split {RATIO}", change_checks.split),
    (rf"(?i){RATIO} (?P<reverse>reverse |ADR )?(?:stock )?(?:split|consolidation|ratio change)", change_checks.split),
    # sizes
    (r"(?:\+|plus|and) (?:bought )?(?P<shares>[\d,]{3,})(?: sh)?(?: bought)?(?=$|[ ;,)])", change_checks.bought),
    (r"^INCREASE\b(?: \(real buy (?P<shares>[\d,]+))?|real (?:purchases?|buys?)\b", change_checks.real_purchase),
    (r"^DECREASE\b(?: \(real s\w+ (?P<shares>[\d,]+))?|real sales?\b", change_checks.real_sale),
    (r"two real trades", change_checks.two_trades),
    (r"(?P<units>\d+(?:(?:, \d+)* and \d+)?) creation units?", change_checks.units),
    (r"index rebalance|one digest entry", change_checks.rebalance),
    (r"long flipped to short|short flipped to long|sign flip", change_checks.flipped),
    (r"\bMATURED\b|\bmatured\b", change_checks.matured),
    # silence
    (r"(?i)^suppressed|: suppressed|\bno events?\b|^nothing\b", change_checks.no_trade),
    (r"(?i)no trades?\b|0 trades|inflow only|outflow only", change_checks.no_trade),
    (r"cash-like|placeholder|when-issued line|\broll\b|paydown|\bcrumbs?\b.*no alert", change_checks.no_trade),
    (r"same issuer, two lines", change_checks.two_lines),
)  # fmt: skip
_COMPILED = tuple((re.compile(pattern), check) for pattern, check in PHRASES)


def checks_of(verdict: str) -> list[tuple[re.Match[str], Check]]:
    """Every phrase found in a verdict with the check it leads to."""
    return [(match, check) for pattern, check in _COMPILED if (match := pattern.search(verdict))]


def judge(row: Expectation, histories: Sequence[History]) -> Judged:
    """What the program said, held against one row."""
    found = checks_of(row.verdict)
    seen = scene(row, histories)
    if isinstance(seen, str):
        return Judged(row, Outcome.NOT_HERE, (seen,))
    if not found:
        return Judged(row, Outcome.NOT_JUDGED, (f"no phrase known in {row.verdict!r}",))
    complaints = [text for match, check in found for text in check(seen, match)]
    outcome = Outcome.WRONG if complaints else Outcome.RIGHT
    return Judged(row, outcome, tuple(dict.fromkeys(complaints)))
