"""Questions about what a portfolio is made of, alone and beside another."""

from __future__ import annotations

from monitor.asking.parameters import EVERY, FUND, ON, SINCE, UNTIL, of, other_fund
from monitor.asking.question import Question

QUESTIONS = (
    Question(
        "concentration",
        (19,),
        "composition",
        "How concentrated a fund is through time: positions, largest and ten largest weights, HHI.",
        (of(FUND), SINCE, UNTIL, EVERY),
        empty="The fund has no accepted file dated so.",
        table=("as_of", "positions", "largest", "top10", "hhi", "effective"),
        note="Cash is no position; weights are of the whole fund. Joined identities count once.",
    ),
    Question(
        "overlap",
        (14,),
        "composition",
        "What two funds have in common on a day: the shared names with both weights and the smaller of them.",
        (of(FUND), other_fund(), ON),
        empty="They have no name in common.",
        table=("security.ticker", "security.name", "weight", "other_weight", "overlap"),
        cites=("as_of", "other_as_of"),
        note="The files of the latest session both have one of, else the latest of each. Cash is left out.",
    ),
    Question(
        "overlap_history",
        (15,),
        "composition",
        "The overlap of two funds through time: the sum of the smaller weights, and how many names are shared.",
        (of(FUND), other_fund(), SINCE, UNTIL, EVERY),
        empty="There is no session dated so of which both have an accepted file.",
        table=("as_of", "other_as_of", "overlap", "shared", "only_in_fund", "only_in_other"),
        cites=("as_of", "other_as_of"),
        note="Only sessions of which both funds have a file are compared; a week or month without one has no row.",
    ),
)
