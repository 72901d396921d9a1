"""Why do we say so? The evidence behind an event, item, refusal, file or message, so that it can be redone by hand.

It reads what was stored and derived, and the archived bytes themselves; it decides nothing and changes nothing. Where
it measures again what was measured before (the flow between two files), it says whether both agree.
"""

from monitor.why.answers import why
from monitor.why.facts import Answer, EventAnswer, FileAnswer, ItemAnswer, MessageAnswer, RefusalAnswer

__all__ = ["Answer", "EventAnswer", "FileAnswer", "ItemAnswer", "MessageAnswer", "RefusalAnswer", "why"]
