"""Questions about what funds bought and sold, their own creations and redemptions removed."""

from __future__ import annotations

from dataclasses import replace

from monitor.asking.parameters import FUND, ISSUER, SECURITY, SINCE, UNTIL, of
from monitor.asking.question import Parameter, Question, Want

TRADED_SINCE = replace(SINCE, about="From this trade session on: 2021-09-03, yesterday, -30d.")
TRADED_UNTIL = replace(UNTIL, about="Up to this trade session.")
SESSION = Parameter("session", Want.DAY, "Only what may have been traded in this session.", example="2021-04-14")
ALL_LABELS = Parameter(
    "all_labels", Want.FLAG, "Also lines without a size: PENDING (perhaps a split), REBALANCE and others."
)

QUESTIONS = (
    Question(
        "trades",
        (7,),
        "trading",
        "What funds bought and sold: active changes, the fund's own creations and redemptions removed.",
        (FUND, ISSUER, SECURITY, TRADED_SINCE, TRADED_UNTIL, SESSION, ALL_LABELS),
        empty="No trades.",
        table=("trade_session.to", "fund", "security.ticker", "label", "active_shares", "value"),
        note="Dates are trade sessions, not those of files; over several sessions without a file they are an interval.",
        own_command="trades",
    ),
    Question(
        "net_active",
        (8,),
        "trading",
        "How much of a security was bought and sold actively, by fund and over all funds of an issuer.",
        (of(SECURITY), ISSUER, TRADED_SINCE, TRADED_UNTIL),
        empty="No fund traded it in these sessions.",
        table=("issuer", "fund", "security.ticker", "trades", "bought", "sold", "net", "value_net", "unsized"),
        cites=("first_file", "last_file"),
        note="Shares are adjusted for splits, in units of today; a row without a fund is the sum of an issuer's.",
    ),
)
