"""Questions about what moved without a trade, and how positions ended."""

from __future__ import annotations

from dataclasses import replace

from monitor.asking.parameters import FUND, ISSUER, SINCE, UNTIL, of
from monitor.asking.question import Parameter, Question, Want

LEAST = Parameter("least", Want.NUMBER, "Percent points at least.", default="0.5", example="1")
BY = "Exits that our files show. The run of sales is the one after the last purchase; its length counts sessions."

QUESTIONS = (
    Question(
        "weight_movers",
        (29,),
        "moves",
        "Lines whose weight moved although nothing of them was bought or sold: price alone.",
        (of(FUND), replace(SINCE, default="-7d"), UNTIL, LEAST),
        empty="No weight moved so much without a trade.",
        table=("as_of", "security.ticker", "security.name", "weight_before", "weight_after", "moved", "price_change"),
        cites=("as_of_before", "as_of"),
        note="Between consecutive files at most five sessions apart; over longer gaps trades have no size. A weight "
        "also moves because other lines do.",
    ),
    Question(
        "wind_downs",
        (22,),
        "moves",
        "Positions that were given up: how long it took from their peak, and from the first sale of the last run.",
        (FUND, ISSUER),
        empty="No position has been given up.",
        table=("fund", "security.ticker", "peak_file", "first_sale", "closed.to", "sales", "from_peak", "from_sale"),
        cites=("peak_file", "exit_file"),
        note=BY,
    ),
    Question(
        "wind_down_averages",
        (22,),
        "moves",
        "How many sessions funds usually take to wind a position down.",
        (FUND, ISSUER),
        empty="No position has been given up.",
        table=("issuer", "fund", "exits", "median_from_peak", "mean_from_peak", "with_sales", "median_from_sale"),
        cites=("first_exit_file", "last_exit_file"),
        note=BY,
    ),
)
