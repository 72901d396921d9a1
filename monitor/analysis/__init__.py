"""The history as pandas DataFrames: one function per question, for notebooks, exports and charts.

from monitor.analysis import open_history, who_holds

with open_history("holdings.db") as history:
    print(who_holds(history, "TSLA"))
"""

from monitor.analysis.activity import flows, largest_trades, turnover
from monitor.analysis.changes import changes, entries, exits, interval_claims, issuer_firsts, re_entries
from monitor.analysis.composition import concentration, overlap, overlap_history
from monitor.analysis.crumbs import crumbs
from monitor.analysis.durations import holding_period_distribution, holding_periods
from monitor.analysis.history import History, open_history
from monitor.analysis.holders import exclusive, float_shares
from monitor.analysis.knowledge import identity_changes, revisions, splits, told
from monitor.analysis.moves import weight_movers, wind_down_averages, wind_downs
from monitor.analysis.portfolios import difference, holdings, who_holds
from monitor.analysis.positions import position
from monitor.analysis.records import coverage, funds, issuers, search
from monitor.analysis.spells import first_and_last, history
from monitor.analysis.streaks import streaks
from monitor.analysis.trading import net_active, trades

__all__ = [
    "History",
    "changes",
    "concentration",
    "coverage",
    "crumbs",
    "difference",
    "entries",
    "exclusive",
    "exits",
    "first_and_last",
    "float_shares",
    "flows",
    "funds",
    "history",
    "holding_period_distribution",
    "holding_periods",
    "holdings",
    "identity_changes",
    "interval_claims",
    "issuer_firsts",
    "issuers",
    "largest_trades",
    "net_active",
    "open_history",
    "overlap",
    "overlap_history",
    "position",
    "re_entries",
    "revisions",
    "search",
    "splits",
    "streaks",
    "told",
    "trades",
    "turnover",
    "weight_movers",
    "who_holds",
    "wind_down_averages",
    "wind_downs",
]
