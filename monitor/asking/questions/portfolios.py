"""Questions about portfolios: what a fund held on a day, and who holds a security."""

from __future__ import annotations

from dataclasses import replace

from monitor.asking.parameters import AS_KNOWN, FUND, ISSUER, ON, SECURITY, of
from monitor.asking.question import Question

QUESTIONS = (
    Question(
        "holdings",
        (10, 11),
        "portfolios",
        "A fund's whole portfolio on a day, as known now or then, the largest weight first.",
        (of(FUND), ON, AS_KNOWN),
        empty="The file lists nothing.",
        table=("security.ticker", "security.name", "shares", "value", "weight", "security.id"),
        own_command="holdings",
    ),
    Question(
        "who_holds",
        (3,),
        "portfolios",
        "The funds whose latest file lists a security, with weight and value.",
        (of(SECURITY), ON, ISSUER),
        empty="No fund holds it.",
        table=("fund", "as_of", "security.ticker", "security.name", "shares", "value", "weight"),
        own_command="who-holds",
    ),
    Question(
        "difference",
        (13,),
        "portfolios",
        "What differs between a fund's files of two days, the largest change in value first.",
        (
            of(FUND),
            of(replace(ON, name="before"), "The latest file dated so or before: 2021-09-03, yesterday, -30d."),
            replace(ON, name="after", about="The same for the later file. Default: the latest."),
            AS_KNOWN,
        ),
        empty="No difference.",
        table=("security.ticker", "security.name", "shares_before", "shares_after", "split", "change"),
        cites=("as_of_before", "as_of_after"),
        note="The change is free of splits: after - before * split.",
        own_command="holdings --against",
    ),
)
