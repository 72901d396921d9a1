"""Which Slack apps are listened to: one connection per app, however many channels it serves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from monitor.config import Config, SlackSettings
from monitor.conversing import Conversation
from monitor.store.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.notify.slack_socket import Listener


class Listening:
    """While it is open, questions are answered; nothing happens where no channel is interactive."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        self.listeners = tuple(listeners)

    def __enter__(self) -> Listening:
        """Begins to listen, without waiting; never fails."""
        for one in self.listeners:
            one.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Ends within about two seconds each."""
        for one in self.listeners:
            one.stop()


def listening(config: Config, engine: Engine, channels: Collection[str], now: Callable[[], datetime]) -> Listening:
    """What listens to the interactive ones of `channels`."""
    apps = interactive(config, channels)
    if not apps:
        return Listening(())
    from monitor.notify.slack_socket import Listener

    names = [name for app in apps for name in app]
    answer = Conversation(config.database, engine, names, now).answer
    return Listening([Listener(", ".join(app), next(iter(app.values())), answer) for app in apps])


def interactive(config: Config, channels: Collection[str]) -> list[dict[str, SlackSettings]]:
    """The settings of the interactive channels by app: Slack gives a question to any one connection of an app."""
    apps: dict[tuple[str, str], dict[str, SlackSettings]] = {}
    for name, settings in config.channels.items():
        if name in channels and isinstance(settings, SlackSettings) and settings.interactive and settings.app_token:
            app = (settings.app_token.get_secret_value(), settings.base_url)
            apps.setdefault(app, {})[name] = settings
    return list(apps.values())
