"""Questions about one position through time."""

from __future__ import annotations

from monitor.asking.parameters import FUND, SECURITY, SINCE, UNTIL, of
from monitor.asking.question import Question

QUESTIONS = (
    Question(
        "position",
        (9,),
        "positions",
        "A fund's position in a security in every accepted file, its shares adjusted for splits.",
        (of(FUND), of(SECURITY), SINCE, UNTIL),
        empty="No accepted file of the fund dated so lists it.",
        table=("as_of", "security.ticker", "shares", "adjusted_shares", "value", "weight", "price"),
        note="A file that does not list the security has 0 shares: it is not held, or below what the issuer lists.",
    ),
)
