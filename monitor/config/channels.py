"""The tables of the channels: whom to tell, how to reach them, and when they do not want to be disturbed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from monitor.config.fields import (
    LOOPBACK,
    Address,
    Clock,
    Header,
    Port,
    Seconds,
    Section,
    Span,
    Zone,
    is_safe_transport,
    one_source,
    split_list,
    web_address,
)
from monitor.core.model import Severity

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class ChannelSection(Section):
    """What every channel has: the hours in which it stays quiet, and when its digests come.

    `quiet` delays messages to its end; what has a severity of `quiet_except` comes all the same. Times are those
    of `time_zone` (default: the daemon's).
    """

    quiet: Span | None = None
    quiet_except: Annotated[tuple[Severity, ...], BeforeValidator(split_list)] = ()
    digest_at: Clock = "18:00"
    digest_day: Weekday = "fri"  # of weekly digests
    time_zone: Zone | None = None
    pace: Annotated[float, Field(ge=0, le=3600)] | None = None  # seconds between messages; default: the channel's


class ConsoleSettings(ChannelSection):
    """Alerts on the standard output."""

    type: Literal["console"]


class FileSettings(ChannelSection):
    """Alerts as JSON lines appended to `path`."""

    type: Literal["file"]
    path: Path


class SlackSettings(ChannelSection):
    """A Slack app with a bot token. `channel` is best given as its id (C…): names cannot be searched."""

    type: Literal["slack"]
    channel: Header
    token: SecretStr | None = None
    token_env: str | None = None
    token_file: Path | None = None
    base_url: Address = "https://slack.com/api/"
    allow_private: bool = False  # plain http to a host that is not this machine
    timeout: Seconds = 20
    charts: bool = False  # pictures in alerts: needs the scope files:write and `holdings-monitor[png]`
    interactive: bool = False  # buttons and a slash command over Socket Mode: needs app_token
    app_token: SecretStr | None = None
    app_token_env: str | None = None
    app_token_file: Path | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not (is_safe_transport(self.base_url) or self.allow_private):
            raise ValueError("base_url must be https, or on this machine, or allow_private = true")
        one_source(self, "app_token", required=self.interactive)
        return one_source(self, "token")


class SlackWebhookSettings(ChannelSection):
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


class WebhookSettings(ChannelSection):
    """Any web service that takes JSON: one POST per message, signed with `secret` (Standard Webhooks).

    Both the address and the secret are secrets. Without a secret nothing is signed.
    """

    type: Literal["webhook"]
    url: SecretStr | None = None
    url_env: str | None = None
    url_file: Path | None = None
    secret: SecretStr | None = None
    secret_env: str | None = None
    secret_file: Path | None = None
    allow_private: bool = False
    timeout: Seconds = 20

    @model_validator(mode="after")
    def _whole(self) -> Self:
        one_source(self, "secret", required=False)
        return one_source(self, "url")


class AppriseSettings(ChannelSection):
    """Anything Apprise knows (Telegram, Teams, Discord, ntfy …): needs `pip install holdings-monitor[apprise]`."""

    type: Literal["apprise"]
    url: SecretStr | None = None  # an Apprise address, which holds its secrets
    url_env: str | None = None
    url_file: Path | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        return one_source(self, "url")


class MailSettings(ChannelSection):
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
    charts: bool = True  # pictures in alerts, where `holdings-monitor[png]` is installed
    unsubscribe: Header | None = None  # an address (mailto: or https:) for List-Unsubscribe; default: mail to `from`
    timeout: Seconds = 20

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.user and self.security == "none" and self.host not in LOOPBACK:
            raise ValueError('security = "none" would send the password unencrypted')
        return one_source(self, "password", required=self.user is not None)


ChannelSettings = Annotated[
    ConsoleSettings
    | FileSettings
    | SlackSettings
    | SlackWebhookSettings
    | MailSettings
    | WebhookSettings
    | AppriseSettings,
    Field(discriminator="type"),
]


CHANNEL_TABLES: dict[str, type[ChannelSection]] = {
    "console": ConsoleSettings,
    "file": FileSettings,
    "slack": SlackSettings,
    "slack-webhook": SlackWebhookSettings,
    "mail": MailSettings,
    "webhook": WebhookSettings,
    "apprise": AppriseSettings,
}


def webhook_faults(settings: SlackWebhookSettings | WebhookSettings) -> list[str]:
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
