"""Questions about how long positions are held."""

from __future__ import annotations

from monitor.asking.parameters import FUND, ISSUER
from monitor.asking.question import Question

QUESTIONS = (
    Question(
        "holding_periods",
        (17,),
        "durations",
        "How long funds held their positions: every spell, with those still open or without a known beginning marked.",
        (FUND, ISSUER),
        empty="No fund held a material position.",
        table=("fund", "security.ticker", "opened.to", "closed.to", "sessions", "days", "open", "censored"),
        cites=("first_file", "last_file", "exit_file"),
        note="From the entry to the last session before the exit; while it is open, to that of the fund's latest file: "
        "it will be longer. Where the fund's first file had it already (`censored` left), it was longer.",
    ),
    Question(
        "holding_period_distribution",
        (17,),
        "durations",
        "How long funds usually hold a position, by fund and over all of them, in sessions.",
        (FUND, ISSUER),
        empty="No fund held a material position.",
        table=(
            "fund",
            "spells",
            "completed",
            "still_open",
            "left_censored",
            "median",
            "km_first",
            "km_median",
            "km_third",
        ),
        cites=("first_file", "last_file"),
        note="The quartiles of completed spells are too short: what is held for long is still open. The Kaplan-Meier "
        "estimates (km) count open spells as lasting at least so long, and are unknown where too few have ended. "
        "Spells without a known beginning are in neither.",
    ),
)
