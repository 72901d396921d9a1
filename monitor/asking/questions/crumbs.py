"""The question about what is listed, but no position any more, or not yet."""

from __future__ import annotations

from monitor.asking.parameters import FUND, ISSUER, ON
from monitor.asking.question import Question

QUESTIONS = (
    Question(
        "crumbs",
        (30,),
        "crumbs",
        "Lines that funds list, but too small to be a position: what is left of one, or never was one.",
        (FUND, ISSUER, ON),
        empty="No fund lists crumbs.",
        table=("fund", "as_of", "security.ticker", "security.name", "shares", "value", "weight", "since"),
        cites=("as_of", "since"),
        note="A position is a crumb below 0.02 % of the fund and with at most 5 % of its largest count in 60 files; "
        "a line that was never a position is one until it is 0.05 %, or 0.02 % and worth a million. Contracts, cash "
        "and lines whose weight is not known are left out, and funds that have closed.",
    ),
)
