"""The history as pandas DataFrames: one function per question, for notebooks, exports and charts.

from monitor.analysis import open_history, who_holds

with open_history("holdings.db") as history:
    print(who_holds(history, "TSLA"))
"""

from monitor.analysis.history import History, open_history
from monitor.analysis.portfolios import holdings, who_holds

__all__ = ["History", "holdings", "open_history", "who_holds"]
