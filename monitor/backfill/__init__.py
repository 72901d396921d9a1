"""History from elsewhere: what is missing, who could give it, and getting it – politely, silently, again if cut off.

    plan (`planning`: sessions expected minus stored) ─▶ asks of one way (`issuer`, `wayback`, `nport`, `git`, `local`)
    ─▶ jobs (`asking`: some twenty asks each) ─▶ pieces ─▶ stored chunk by chunk (`storing`) ─▶ derived once, one note

A job knows its source, fund and asks and nothing of the database, so that others could run it; what is stored is the
only truth about what is left to do. Nothing here decides what to believe: that is the pipeline's.
"""

from monitor.backfill.planning import Offer, Wanted
from monitor.backfill.running import Filling, Plan, Report, dry_run, run

__all__ = ["Filling", "Offer", "Plan", "Report", "Wanted", "dry_run", "run"]
