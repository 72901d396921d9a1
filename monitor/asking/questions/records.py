"""Questions about our records: whom we have files of, how far they reach, and what a text may mean."""

from __future__ import annotations

from monitor.asking.parameters import FUND, ISSUER, limit
from monitor.asking.question import Parameter, Question, Want

TEXT = Parameter(
    "text",
    Want.TEXT,
    "A ticker (also a former one), name or part of it, CUSIP, ISIN, SEDOL or public id.",
    required=True,
    positional=True,
    example="tesla",
)

QUESTIONS = (
    Question(
        "issuers",
        (),
        "records",
        "The issuers we have files of, and how far these reach.",
        (),
        empty="No issuer yet: load files with `ingest` or `check`.",
        table=("issuer", "name", "fund_count", "closed_funds", "first_file", "last_file", "files"),
        cites=(),
    ),
    Question(
        "funds",
        (),
        "records",
        "The funds we have files of, and how far these reach.",
        (ISSUER,),
        empty="No fund yet: load files with `ingest` or `check`.",
        table=("issuer", "fund", "name", "kind", "first_file", "last_file", "files", "positions", "value"),
        cites=("first_file", "last_file"),
        own_command="funds",
    ),
    Question(
        "coverage",
        (27,),
        "records",
        "Which trading sessions our files cover: first, last, gaps, quarantined, late.",
        (FUND, ISSUER),
        empty="No fund yet: load files with `ingest` or `check`.",
        table=("fund", "first", "last", "sessions", "files", "gaps", "quarantined", "late"),
        cites=(),
        own_command="coverage",
    ),
    Question(
        "search",
        (),
        "records",
        "The funds, issuers and securities that a text may mean, the likeliest first, and by what each was found.",
        (TEXT, limit("30")),
        empty="Nothing is called so.",
        table=("what", "issuer", "ticker", "name", "security", "fund_count", "why"),
        cites=(),
    ),
)
