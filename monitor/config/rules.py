"""The tables that say who hears of what: rules and mutes. What they decide is in `core.rules`."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from monitor.config.fields import Names, Section, split_list
from monitor.core.model import Kind, Severity

Deliver = Literal["now", "daily", "weekly", "never"]


class Rule(Section):
    """What matches goes to `channels` (empty: every alert channel) at once or in a digest.

    Every condition that is given must hold; an empty one is no condition. `securities` are tickers, names, public
    ids, CUSIPs, ISINs or SEDOLs; `min_value` is dollars, `min_bp` basis points of the fund, `min_absence` sessions.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 _-]{0,38}$")]
    issuers: Names = ()
    funds: Names = ()  # TICKER or issuer/TICKER
    securities: Names = ()
    kinds: Annotated[tuple[Kind, ...], BeforeValidator(split_list)] = ()
    severities: Annotated[tuple[Severity, ...], BeforeValidator(split_list)] = ()
    min_value: Decimal | None = Field(default=None, ge=0)
    min_bp: Decimal | None = Field(default=None, ge=0)
    min_absence: int | None = Field(default=None, ge=0)
    min_score: int | None = Field(default=None, ge=0, le=200)
    channels: Names = ()
    deliver: Deliver = "now"
    enabled: bool = True


class Mute(Section):
    """Nothing of these is told until the end of the day `until`; it is still kept and counted."""

    securities: Names = ()
    funds: Names = ()
    issuers: Names = ()
    kinds: Annotated[tuple[Kind, ...], BeforeValidator(split_list)] = ()
    channels: Names = ()  # empty: all
    until: date
    note: str = ""

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        if not (self.securities or self.funds or self.issuers or self.kinds):
            raise ValueError("says nothing to mute: give securities, funds, issuers or kinds")
        return self
