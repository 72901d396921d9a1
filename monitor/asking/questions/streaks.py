"""The question about what was bought, or sold, file after file."""

from __future__ import annotations

from dataclasses import replace

from monitor.asking.parameters import FUND, ISSUER, SECURITY, SINCE, UNTIL
from monitor.asking.question import Parameter, Question, Want

LEAST = Parameter("least", Want.COUNT, "So many files in a row at least.", default="3", example="5")
DIRECTION = Parameter(
    "direction", Want.CHOICE, "Only purchases, or only sales.", choices=("buy", "sell"), example="buy"
)

QUESTIONS = (
    Question(
        "streaks",
        (21,),
        "streaks",
        "What a fund actively bought, or sold, in several files in a row, the latest first.",
        (FUND, ISSUER, SECURITY, replace(SINCE, default="-30d"), UNTIL, LEAST, DIRECTION),
        empty="Nothing was bought or sold so often in a row.",
        table=("fund", "security.ticker", "direction", "files", "first_session", "last_session", "value", "running"),
        cites=("first_file", "last_file"),
        note="Runs whose last session lies in the range, from their beginning on, which may lie before it; files after "
        "the range are not looked at. A file without a trade of the security, with one that has no size, or more than "
        "five sessions after the file before ends a run.",
    ),
)
