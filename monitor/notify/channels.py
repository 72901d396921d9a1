"""What a channel is, and the one list of them. A channel sends one message once; it never retries or sleeps."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol, TextIO, runtime_checkable

from monitor.config import (
    AppriseSettings,
    Config,
    ConsoleSettings,
    FileSettings,
    MailSettings,
    SlackSettings,
    SlackWebhookSettings,
    WebhookSettings,
)
from monitor.core.errors import ConfigError
from monitor.notify.message import Message
from monitor.notify.painter import Painter


@dataclass(frozen=True, slots=True)
class Receipt:
    """A channel's proof. `reference` (without blanks) names the message there, and in `thread` lets a later one follow.

    `note` is a sentence for the operator when it was not entirely well.
    """

    reference: str
    note: str = ""


class Channel(Protocol):
    """Carries messages to one destination. `pace` is the least number of seconds between two messages."""

    name: str
    pace: float

    def send(self, message: Message, *, key: str, thread: str | None) -> Receipt:
        """Send once, visibly carrying `key` where the medium allows; `thread` is what `references` reads.

        Raises DeliveryError, which says whether retrying can help, when, and whether it may have arrived.
        """
        ...


@runtime_checkable
class Searchable(Protocol):
    """A channel that can look whether a message arrived."""

    def find(self, key: str, *, thread: str | None, age: timedelta) -> Receipt | None:
        """The receipt of the message with this key, `None` if it is not there. DeliveryError: cannot look.

        It was not sent longer than `age` ago: a span, because our clock need not be the service's.
        """
        ...


@runtime_checkable
class Spreading(Protocol):
    """A channel with several recipients, of whom some may take a message while others ask to come again."""

    def send_rest(self, message: Message, *, key: str, thread: str | None, reached: Collection[str]) -> Receipt:
        """As `send`, to all but those `reached`; a DeliveryError names in its `reached` all who have it by now."""
        ...


@runtime_checkable
class Patient(Protocol):
    """A channel that says how many seconds one answer may take in all."""

    patience: float


@runtime_checkable
class Illustrated(Protocol):
    """A channel that shows charts; None when it is told not to."""

    painter: Painter | None


def references(thread: str | None) -> tuple[str, ...]:
    """The references of the earlier messages about an item, oldest first: a thread is those, with blanks between."""
    return tuple((thread or "").split())


def _console(name: str, settings: ConsoleSettings, out: TextIO) -> Channel:
    from monitor.notify.console import ConsoleChannel

    return ConsoleChannel(name, out)


def _file(name: str, settings: FileSettings, out: TextIO) -> Channel:
    from monitor.notify.file import FileChannel

    return FileChannel(name, settings.path)


def _slack(name: str, settings: SlackSettings, out: TextIO) -> Channel:
    from monitor.notify.slack import SlackChannel

    return SlackChannel(name, settings)


def _slack_webhook(name: str, settings: SlackWebhookSettings, out: TextIO) -> Channel:
    from monitor.notify.slack_webhook import SlackWebhookChannel

    return SlackWebhookChannel(name, settings)


def _mail(name: str, settings: MailSettings, out: TextIO) -> Channel:
    from monitor.notify.mail import MailChannel

    return MailChannel(name, settings)


def _webhook(name: str, settings: WebhookSettings, out: TextIO) -> Channel:
    from monitor.notify.webhook import WebhookChannel

    return WebhookChannel(name, settings)


def _apprise(name: str, settings: AppriseSettings, out: TextIO) -> Channel:
    from monitor.notify.apprise import AppriseChannel

    return AppriseChannel(name, settings)


# Each factory takes the settings of its own type (`Any`: a dict cannot say so), and imports its library then.
CHANNELS: Mapping[str, Callable[[str, Any, TextIO], Channel]] = {
    "console": _console,
    "file": _file,
    "slack": _slack,
    "slack-webhook": _slack_webhook,
    "mail": _mail,
    "webhook": _webhook,
    "apprise": _apprise,
}


def build(config: Config, *, out: TextIO, only: str | None = None) -> dict[str, Channel]:
    """The configured channels by name (or `only` that one); `out` is where the console channel writes.

    Raises ConfigError naming every channel whose secret is unavailable, or an unknown `only`.
    """
    if only is not None and only not in config.channels:
        raise ConfigError(f'no channel "{only}"; configured: {", ".join(config.channels) or "none"}')
    wanted = [name for name in config.channels if only in (None, name)]
    faults = [f"channels.{name}: {config.unavailable[name]}" for name in wanted if name in config.unavailable]
    if faults:
        raise ConfigError("\n".join(faults))
    painter = Painter()
    return {name: _built(config, name, out, painter) for name in wanted}


def _built(config: Config, name: str, out: TextIO, painter: Painter) -> Channel:
    settings = config.channels[name]
    channel = CHANNELS[settings.type](name, settings, out)
    if settings.pace is not None:
        channel.pace = settings.pace
    if isinstance(channel, Illustrated) and channel.painter is not None:
        channel.painter = painter  # one for all: the same chart goes to several
    return channel
