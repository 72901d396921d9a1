"""Questions about how much flows into funds and how much they trade."""

from __future__ import annotations

from dataclasses import replace

from monitor.asking.parameters import FUND, ISSUER, SINCE, UNTIL, limit, of
from monitor.asking.question import Question

QUESTIONS = (
    Question(
        "flows",
        (18,),
        "activity",
        "A fund's creations and redemptions between its files: factor, net units, and their value.",
        (of(FUND), SINCE, UNTIL),
        empty="There are no two files of the fund, the later dated so.",
        table=("as_of", "gap", "flow_factor", "units", "flow", "currency", "confidence"),
        cites=("previous_file", "as_of"),
        note="Without a value: long runs without files, re-sizings of the whole fund, too few lines to tell. Units"
        " are a hint, redemptions negative: the largest divisor of nearly all changes, too small where baskets differ.",
    ),
    Question(
        "turnover",
        (16,),
        "activity",
        "A fund's active turnover by month: the smaller of purchases and sales, in percent of its mean assets.",
        (of(FUND), SINCE, UNTIL),
        empty="There are no two files of the fund, the later dated so.",
        table=("month", "files", "buys", "sells", "mean_assets", "turnover", "unsized", "longest_gap"),
        cites=("first_file", "last_file"),
        note="Dates are sessions: a trade counts in the month of its last possible one. No turnover is claimed for"
        " a month with a re-sizing of the whole fund or a run of files missing too long to tell flows from trades.",
    ),
    Question(
        "largest_trades",
        (20,),
        "activity",
        "The largest active trades by value.",
        (FUND, ISSUER, replace(SINCE, default="-7d"), UNTIL, limit("20")),
        empty="No active trades with a value in these sessions.",
        table=("trade_session.to", "fund", "security.ticker", "label", "active_shares", "value", "currency"),
        note="Dates are trade sessions. Values are in the currency of the fund and sorted by their rough worth.",
    ),
)
