"""Questions about who holds a security beside others: alone, or how much of all its shares."""

from __future__ import annotations

from monitor.asking.parameters import FUND, ISSUER, ON, SECURITY, of
from monitor.asking.question import Parameter, Question, Want

OUTSTANDING = Parameter(
    "outstanding",
    Want.NUMBER,
    "How many shares of the company there are, in shares of today: files of funds do not say it.",
    required=True,
    positional=True,
    example="3200000000",
)
ABOVE = Parameter("above", Want.NUMBER, "Percent of these shares.", default="5", example="1")

QUESTIONS = (
    Question(
        "exclusive",
        (23,),
        "holders",
        "Securities that only one fund holds, the largest weight first.",
        (ISSUER, ON),
        empty="Every security is held by several funds.",
        table=("fund", "as_of", "security.ticker", "security.name", "shares", "value", "weight"),
        note="Among the latest files of funds that have not closed. Lines whose identity is only known inside their "
        "own fund (no identifier printed) cannot be compared and are left out, like cash.",
    ),
    Question(
        "float_shares",
        (31,),
        "holders",
        "When positions in a company were more than so much of its shares: each fund, and all funds of an issuer.",
        (of(SECURITY), OUTSTANDING, ABOVE, FUND, ISSUER),
        empty="No position was ever so large.",
        table=("issuer", "fund", "above_from", "above_to", "above_sessions", "peak_session", "peak_shares", "percent"),
        cites=("first_file", "peak_file", "last_file"),
        note="Shares are adjusted for splits to those of today. A row without a fund is the sum over the issuer's "
        "funds with a file of that session: a fund without one is not in it, so that the sum is never too large.",
    ),
)
