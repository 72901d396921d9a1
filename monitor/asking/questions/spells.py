"""Questions about when funds held a security."""

from __future__ import annotations

from monitor.asking.parameters import FUND, ISSUER, SECURITY, of
from monitor.asking.question import Question

QUESTIONS = (
    Question(
        "first_and_last",
        (1,),
        "spells",
        "When each fund first and last held a security materially, and what that rests on.",
        (of(SECURITY), FUND, ISSUER),
        empty="No fund held a material position of it.",
        table=("issuer", "fund", "security.ticker", "first.to", "last", "open", "spells", "sessions", "first_words"),
        cites=("first_file", "last_file", "exit_file"),
        note="The first is an interval where files are missing before it, without a beginning if the first has it.",
    ),
    Question(
        "history",
        (2,),
        "spells",
        "When funds held a security: entry, exit, peak and length of every spell.",
        (of(SECURITY), FUND, ISSUER),
        empty="No fund held a material position of it.",
        table=("fund", "security.ticker", "opened.to", "closed.to", "entry_shares", "peak_shares", "sessions"),
        cites=("first_file", "last_file", "exit_file"),
        own_command="history",
    ),
)
