"""Where we are blind: what is seen of every watched fund, who hears of it, and that all is well when it is.

`seeing` reads, `core.blindness` decides, `looking` records and promises notices in one transaction.
"""

from monitor.blindness.all_clear import all_clear
from monitor.blindness.looking import Looking, LookReport, look
from monitor.blindness.seeing import see

__all__ = ["LookReport", "Looking", "all_clear", "look", "see"]
