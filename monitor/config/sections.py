"""The tables of `monitor.toml`: names, units, defaults and what may not be written. No reading, no secrets resolved.

A secret `x` can be given as `x_env` (name of an environment variable), `x_file` (path) or, for trials,
as `x` itself. `SECRETS` lists which keys those are; their values are `SecretStr` and never shown.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from monitor.core.model import Severity

SECRETS = ("token", "password", "url")
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def split_list(value: object) -> object:
    """`"a, b"` → `["a", "b"]`, so that one name and the environment need no brackets."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def web_address(value: str) -> str:
    """Accept http(s) addresses with a host and without a user part or link-local target."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an address like https://host/path")
    if parts.username or parts.password:
        raise ValueError("must not contain a user or password")
    if is_link_local(parts.hostname):
        raise ValueError("must not point at a link-local address")
    return value


def is_link_local(host: str) -> bool:
    """Whether `host` is a literal address of the kind cloud metadata services use."""
    try:
        return ip_address(host).is_link_local
    except ValueError:
        return False


def is_safe_transport(url: str) -> bool:
    """Whether a secret may travel to `url`: encrypted, or not leaving this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in LOOPBACK


def clock(value: str) -> str:
    """Accept `HH:MM`."""
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError('must be a time of day like "06:30"')
    return value


def zone(value: str) -> str:
    """Accept a name of the time zone database."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError('must be a time zone like "America/New_York"') from None
    return value


def header_text(value: str) -> str:
    """Accept text that cannot start a new header line."""
    if re.search(r"[\x00-\x1f\x7f]", value):
        raise ValueError("must not contain control characters")
    return value


Names = Annotated[tuple[str, ...], BeforeValidator(split_list)]
Address = Annotated[str, AfterValidator(web_address)]
Header = Annotated[str, AfterValidator(header_text), Field(min_length=1)]
Clock = Annotated[str, AfterValidator(clock)]
Zone = Annotated[str, AfterValidator(zone)]
Seconds = Annotated[float, Field(gt=0, le=600)]
Port = Annotated[int, Field(ge=1, le=65535)]


class Section(BaseModel):
    """A table of the file: unknown keys are faults, values do not change, inputs are not echoed."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


S = TypeVar("S", bound=Section)


def one_source(section: S, name: str, *, required: bool = True) -> S:
    """`section` unless the secret `name` is given twice, or not at all although `required`."""
    keys = (f"{name}_env", f"{name}_file", name)
    given = [key for key in keys if getattr(section, key) is not None]
    if len(given) > 1:
        raise ValueError(f"give only one of {' and '.join(given)}")
    if required and not given:
        raise ValueError(f"needs {keys[0]} or {keys[1]}")
    return section


class Watch(Section):
    """What to watch: an issuer, and optionally some of its funds (empty: all verified open funds)."""

    issuer: str = Field(min_length=1)
    funds: Names = ()


class IssuerSettings(Section):
    """How to reach one issuer differently: a mirror, or a pace in seconds between two requests."""

    base_url: Address | None = None
    allow_private: bool = False
    min_interval: float | None = Field(default=None, ge=0)


class Alerts(Section):
    """What is told at once and where. Empty lists mean every configured channel."""

    channels: Names = ()
    operator_channels: Names = ()  # who hears that something is broken
    min_severity: Severity = Severity.NORMAL


class Daemon(Section):
    """When to look. `poll` are times of day in `time_zone`, every day; `interval_minutes` is used besides."""

    poll: Annotated[tuple[Clock, ...], BeforeValidator(split_list)] = ("06:30", "08:30", "18:30", "20:30")
    time_zone: Zone = "America/New_York"
    interval_minutes: int | None = Field(default=None, ge=1)
    deliver_seconds: int = Field(default=10, ge=1)


class Web(Section):
    """The page the daemon serves. Reachable from elsewhere only with a token."""

    enabled: bool = False
    host: str = "127.0.0.1"
    port: Port = 8765
    token: SecretStr | None = None
    token_env: str | None = None
    token_file: Path | None = None

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        if self.host not in LOOPBACK and not (self.token or self.token_env or self.token_file):
            raise ValueError("a host other than 127.0.0.1 needs token_env or token_file")
        return one_source(self, "token", required=False)


class ConsoleSettings(Section):
    """Alerts on the standard output."""

    type: Literal["console"]


class FileSettings(Section):
    """Alerts as JSON lines appended to `path`."""

    type: Literal["file"]
    path: Path


class SlackSettings(Section):
    """A Slack app with a bot token. `channel` is best given as its id (C…): names cannot be searched."""

    type: Literal["slack"]
    channel: Header
    token: SecretStr | None = None
    token_env: str | None = None
    token_file: Path | None = None
    base_url: Address = "https://slack.com/api/"
    allow_private: bool = False  # plain http to a host that is not this machine
    timeout: Seconds = 20

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not (is_safe_transport(self.base_url) or self.allow_private):
            raise ValueError("base_url must be https, or on this machine, or allow_private = true")
        return one_source(self, "token")


class WebhookSettings(Section):
    """A Slack incoming webhook; its address is a secret."""

    type: Literal["slack-webhook"]
    url: SecretStr | None = None
    url_env: str | None = None
    url_file: Path | None = None
    allow_private: bool = False
    timeout: Seconds = 20

    @model_validator(mode="after")
    def _whole(self) -> Self:
        return one_source(self, "url")


class MailSettings(Section):
    """E-mail through an SMTP server. `ca_file` adds an own certificate authority."""

    model_config = ConfigDict(populate_by_name=True)

    type: Literal["mail"]
    host: Header
    port: Port = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: SecretStr | None = None
    password_env: str | None = None
    password_file: Path | None = None
    sender: Header = Field(alias="from")
    recipients: Annotated[tuple[Header, ...], BeforeValidator(split_list), Field(min_length=1)] = Field(alias="to")
    ca_file: Path | None = None
    timeout: Seconds = 20

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.user and self.security == "none" and self.host not in LOOPBACK:
            raise ValueError('security = "none" would send the password unencrypted')
        return one_source(self, "password", required=self.user is not None)


ChannelSettings = Annotated[
    ConsoleSettings | FileSettings | SlackSettings | WebhookSettings | MailSettings, Field(discriminator="type")
]


CHANNEL_TABLES: dict[str, type[Section]] = {
    "console": ConsoleSettings,
    "file": FileSettings,
    "slack": SlackSettings,
    "slack-webhook": WebhookSettings,
    "mail": MailSettings,
}


class Document(Section):
    """The whole file."""

    database: str = "sqlite:///holdings.db"
    sources_dir: Path = Path("issuers")
    watch: tuple[Watch, ...] = ()
    issuers: dict[str, IssuerSettings] = {}
    alerts: Alerts = Alerts()
    daemon: Daemon = Daemon()
    web: Web = Web()
    channels: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,38}$")], ChannelSettings] = {}


def webhook_faults(settings: WebhookSettings) -> list[str]:
    """What is wrong with the address of a webhook, without showing it."""
    if settings.url is None:
        return []
    url = settings.url.get_secret_value()
    try:
        web_address(url)
    except ValueError as error:
        return [str(error)]
    if not (is_safe_transport(url) or settings.allow_private):
        return ["must be https, or on this machine, or allow_private = true"]
    return []
