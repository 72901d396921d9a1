"""Questions about what changed: entries, exits, returns, and what was told of them."""

from __future__ import annotations

from dataclasses import replace

from monitor.asking.parameters import FUND, ISSUER, SECURITY, SINCE, UNTIL, limit
from monitor.asking.question import Parameter, Question, Want

LEVELS = ("event", "item")
SEVERITIES = ("high", "normal", "low")
KINDS = (
    "INITIATED", "INITIATED_AT_ISSUER", "RE_ENTERED", "RESUMED", "EXITED", "INCREASED", "DECREASED", "SPLIT",
    "TICKER_CHANGED", "RENAMED", "IDENTIFIER_CHANGE", "SUCCESSOR", "CONVERTED", "POSSIBLE_CONVERSION",
    "SPIN_OFF_RECEIVED", "CRUMB_REMOVED", "FUND_CLOSED", "REBALANCE", "FLIPPED", "ROLLED", "MATURED",
    "CORPORATE_ACTION", "CASH_VEHICLE",
)  # fmt: skip
FILES_SINCE = replace(SINCE, about="From files dated so on: 2021-09-03, yesterday, -30d.")
FILES_UNTIL = replace(UNTIL, about="Up to files dated so.")
LAST_30 = replace(FILES_SINCE, default="-30d")
COLUMNS = ("as_of", "fund", "kind", "security.ticker", "security.name", "shares_after", "value", "weight_after")
NOTE = "A row is an event with the keys of `changes`, and its `fund`."

QUESTIONS = (
    Question(
        "changes",
        (),
        "changes",
        "What entered, left, came back or changed: events of funds and issuer-wide items, oldest first.",
        (
            FILES_SINCE,
            FILES_UNTIL,
            FUND,
            ISSUER,
            SECURITY,
            Parameter("kind", Want.CHOICES, "Only these kinds.", choices=KINDS, example="RE_ENTERED"),
            Parameter("severity", Want.CHOICES, "Only these.", choices=SEVERITIES, example="high"),
            Parameter(
                "level",
                Want.CHOICE,
                "Events (of one fund) or items (issuer-wide: what people are told). Default: both.",
                choices=LEVELS,
                example="item",
            ),
            Parameter("superseded", Want.FLAG, "Also what was told and has been replaced or taken back."),
            replace(limit(), about="Only the newest so many."),
        ),
        empty="No changes.",
        table=("as_of", "level", "kind", "severity", "funds", "security.ticker", "claim"),
        own_command="changes",
    ),
    Question(
        "entries",
        (4,),
        "changes",
        "Who began to hold a security, or came back to it: first material holdings and returns.",
        (SECURITY, FUND, ISSUER, LAST_30, FILES_UNTIL),
        empty="No fund began to hold it, or came back, in files dated so.",
        table=COLUMNS,
        note=NOTE,
    ),
    Question(
        "exits",
        (5,),
        "changes",
        "Who gave up a security: the position is gone, or a crumb is left.",
        (SECURITY, FUND, ISSUER, LAST_30, FILES_UNTIL),
        empty="No fund gave it up in files dated so.",
        table=("as_of", "fund", "security.ticker", "security.name", "shares_before", "shares_after", "value"),
        note=NOTE,
    ),
    Question(
        "re_entries",
        (6,),
        "changes",
        "Which positions came back after so many sessions without a material holding.",
        (
            FUND,
            ISSUER,
            SECURITY,
            FILES_SINCE,
            FILES_UNTIL,
            Parameter("min_absence", Want.COUNT, "Sessions of absence at least.", default="21", example="250"),
        ),
        empty="No position came back after so long.",
        table=("as_of", "fund", "security.ticker", "security.name", "absence.sessions", "shares_after", "value"),
        note=f"{NOTE} Where files are missing within the absence, `absence.uncovered_sessions` says how many.",
    ),
    Question(
        "issuer_firsts",
        (24,),
        "changes",
        "Which securities no fund of the issuer had held before.",
        (ISSUER, replace(FILES_SINCE, default="-90d"), FILES_UNTIL),
        empty="Nothing was new to an issuer in files dated so.",
        table=("as_of", "issuer", "funds", "security.ticker", "security.name", "shares_after", "value"),
        note="A row is an issuer-wide item with the keys of `changes`; the claim says how far the records reach.",
    ),
    Question(
        "identity_changes",
        (25,),
        "changes",
        "Which lines changed their identifier, ticker or name and stayed the same position.",
        (FUND, ISSUER, SECURITY, FILES_SINCE, FILES_UNTIL),
        empty="No line changed its identifier, ticker or name in files dated so.",
        table=("as_of", "fund", "kind", "old_ticker", "new_ticker", "old_name", "new_name", "new_identifier"),
        cites=("as_of", "previous_file"),
    ),
    Question(
        "splits",
        (26,),
        "changes",
        "Which splits and successors are applied, by which rule, and what showed them.",
        (FUND, ISSUER, SECURITY, FILES_SINCE, FILES_UNTIL),
        empty="No split or successor is applied from files dated so on.",
        table=("as_of", "issuer", "fund", "kind", "security.ticker", "security.name", "ratio", "rule", "evidence"),
        note="A split without a fund holds for all funds of the issuer; `funds` are those whose files showed it.",
    ),
    Question(
        "interval_claims",
        (32,),
        "changes",
        "Which entries and exits are known to an interval only, or rest on a list beside the daily files.",
        (FUND, ISSUER),
        empty="No claim rests on an interval.",
        table=("as_of", "kind", "fund", "security.ticker", "pos_session.from", "pos_session.to", "basis", "claim"),
        note=NOTE,
        own_command="evidence claims",
    ),
)
