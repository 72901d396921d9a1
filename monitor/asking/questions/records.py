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
        "revisions",
        (12,),
        "records",
        "What our knowledge gained or changed between two instants: files, restatements, evidence, corrections.",
        (
            Parameter(
                "since",
                Want.INSTANT,
                "After this instant, or the end (UTC) of a day: 2021-09-03T14:00:00Z, yesterday, -7d.",
                required=True,
                positional=True,
                example="2026-01-31",
            ),
            Parameter("until", Want.INSTANT, "Up to this instant, or the end (UTC) of a day.", example="2026-02-28"),
            FUND,
            ISSUER,
        ),
        empty="Nothing became known then.",
        table=("at", "what", "issuer", "fund", "as_of", "standing", "detail", "item"),
        note="What holds now is said of each file; `holdings --as-known` shows a portfolio as it was known then.",
    ),
    Question(
        "told",
        (28,),
        "records",
        "Which alerts a file caused, to whom they went, and which message corrected them.",
        (
            Parameter(
                "file",
                Want.TEXT,
                "The file: FUND/DATE, FUND/DATE/HASH or the beginning of its hash, as `quarantine show` takes it.",
                required=True,
                positional=True,
                example="ARKK/2021-09-03",
            ),
        ),
        empty="Nobody was told anything because of it.",
        table=("item", "kind", "channel", "form", "state", "sent_at", "corrected_by", "headline"),
        note="An item that was promised to nobody (history, or rules that say so) has a row without a channel.",
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
