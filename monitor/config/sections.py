"""The tables of `monitor.toml`: names, units, defaults and what may not be written. No reading, no secrets resolved.

A secret `x` can be given as `x_env` (name of an environment variable), `x_file` (path) or, for trials,
as `x` itself. `fields.SECRETS` lists which keys those are; their values are `SecretStr` and never shown.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, model_validator

from monitor.config.channels import ChannelSettings
from monitor.config.fields import LOOPBACK, Address, Clock, Names, Page, Port, Section, Zone, one_source, split_list
from monitor.config.rules import Mute, Rule
from monitor.core.model import Severity


class Watch(Section):
    """What to watch: an issuer, and optionally some of its funds (empty: all verified open funds)."""

    issuer: str = Field(min_length=1)
    funds: Names = ()


class IssuerSettings(Section):
    """How to reach one issuer differently: a mirror, or a pace in seconds between two requests."""

    base_url: Address | None = None
    allow_private: bool = False
    min_interval: float | None = Field(default=None, ge=0)
    urls: dict[str, Address] = Field(default_factory=dict)  # by fund: where its file is now, when it was renamed


class Alerts(Section):
    """What is told at once and where. Empty lists mean every configured channel.

    These are what holds where no rule matches (`rules`): `min_severity` and louder at once, the rest as `digest`.
    """

    channels: Names = ()
    operator_channels: Names = ()  # who hears that something is broken
    min_severity: Severity = Severity.NORMAL
    digest: Literal["daily", "weekly", "never"] = "daily"
    flood: Annotated[int, Field(ge=0)] = 0  # messages at once per channel and hour; more become one. 0: no limit
    all_clear: Clock | None = None  # once a day at this time: what was looked at, and that all is well


class Daemon(Section):
    """When to look, and how much at a time.

    Every fund is asked at `poll` (times of day in `time_zone`, every day), every `interval_minutes` when given, and
    every `tight_minutes` while its file is expected; where a time is fixed, up to `spread_seconds` later, each issuer
    at a moment of its own, so that not all installations ask in the same second. `tick_seconds` is how often the
    daemon asks the database what is due, `deliver_seconds` how often it looks for waiting messages.
    """

    poll: Annotated[tuple[Clock, ...], BeforeValidator(split_list)] = ("06:30", "08:30", "18:30", "20:30")
    time_zone: Zone = "America/New_York"
    interval_minutes: float | None = Field(default=None, gt=0)
    tight_minutes: float = Field(default=10, gt=0)
    spread_seconds: float = Field(default=60, ge=0, le=3600)
    tick_seconds: float = Field(default=10, gt=0, le=3600)
    deliver_seconds: float = Field(default=10, gt=0, le=3600)
    lease_seconds: float = Field(default=90, ge=5, le=3600)  # a daemon silent for so long is taken to be gone
    fetchers: int = Field(default=4, ge=1, le=32)  # issuers asked at the same time
    log: Literal["text", "json"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class Heartbeat(Section):
    """A dead-man's switch: this address is asked while all is well; whoever watches it alarms when that stops."""

    url: SecretStr | None = None
    url_env: str | None = None
    url_file: Path | None = None
    every_minutes: float = Field(default=5, gt=0)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        return one_source(self, "url", required=False)


class Blindness(Section):
    """When operators hear that we cannot see: after `failures` looks in vain in a row, or when a file is late."""

    enabled: bool = True
    failures: int = Field(default=3, ge=1)
    late_factor: float = Field(default=1.5, ge=1)  # times the usual delay


class Sec(Section):
    """How the SEC is asked for N-PORT filings. `contact` is who asks, as it demands: a name and an e-mail address."""

    contact: str = Field(default="", pattern=r"^([ -~]{1,100}@[ -~]{1,100})?$")
    base_url: Address = "https://www.sec.gov"
    allow_private: bool = False
    min_interval: float = Field(default=0.25, ge=0.25)  # seconds between two requests; it allows ten in a second


class Wayback(Section):
    """How the Wayback Machine is asked for old copies."""

    base_url: Address = "https://web.archive.org"
    allow_private: bool = False
    min_interval: float = Field(default=4, ge=0)  # seconds between two requests


class Web(Section):
    """The page and the HTTP API, and what the daemon says of itself. Reachable from elsewhere only with a token.

    `enabled`: the daemon answers /healthz, /readyz and /metrics; with `page` also the page and the API. `serve` needs
    neither. `url` is where people reach the page, for links and cookies; `hosts` are further names it is reached by.
    `operator_token` alone allows to accept or reject a file.
    """

    enabled: bool = False
    page: bool = False
    host: str = "127.0.0.1"
    port: Port = 8765
    url: Page | None = None
    hosts: Names = ()
    token: SecretStr | None = None
    token_env: str | None = None
    token_file: Path | None = None
    operator_token: SecretStr | None = None
    operator_token_env: str | None = None
    operator_token_file: Path | None = None

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        if self.host not in LOOPBACK and not (self.token or self.token_env or self.token_file):
            raise ValueError("a host other than 127.0.0.1 needs token_env or token_file")
        one_source(self, "operator_token", required=False)
        return one_source(self, "token", required=False)


class Document(Section):
    """The whole file."""

    database: str = "sqlite:///holdings.db"
    database_file: Path | None = None  # a file that holds the address instead, when there is a password in it
    database_connections: int = Field(default=12, ge=4, le=500)  # most of one process to PostgreSQL
    sources_dir: Path = Path("issuers")
    funds_file: Path = Path("funds.toml")
    watch: tuple[Watch, ...] = ()
    issuers: dict[str, IssuerSettings] = Field(default_factory=dict)
    alerts: Alerts = Alerts()
    rules: tuple[Rule, ...] = ()
    mutes: tuple[Mute, ...] = ()
    daemon: Daemon = Daemon()
    heartbeat: Heartbeat = Heartbeat()
    blindness: Blindness = Blindness()
    web: Web = Web()
    sec: Sec = Sec()
    wayback: Wayback = Wayback()
    channels: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,38}$")], ChannelSettings] = Field(
        default_factory=dict
    )
