"""Empties the outbox: claim, send, record, one message at a time per channel. It composes no alerts, decides no rules.

A message is never dropped: a refusal that may pass delays its channel only, one that cannot becomes a dead
letter with one notice to the operator through another channel. When an outcome is unknown, we look before
we send again; where we cannot look, the repeat says so.

`passes` serves the channels, `attempt` is one message, `manners` says how long to wait, `notices` what operators hear.
"""

from monitor.delivery.manners import back_off
from monitor.delivery.passes import DeliveryReport, deliver_due
from monitor.delivery.words import is_form, promise

__all__ = ["DeliveryReport", "back_off", "deliver_due", "is_form", "promise"]
