"""Questions about portfolios: what a fund held on a day, and who holds a security."""

from __future__ import annotations

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
)
