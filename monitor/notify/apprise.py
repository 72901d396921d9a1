"""Whatever Apprise knows: Telegram, Teams, Discord, ntfy and a hundred others, as plain text without attachments.

Apprise says only whether it worked, not why not: every failure is tried again, and is ambiguous.
"""

from __future__ import annotations

import logging
import re
from typing import Any

from monitor.config import AppriseSettings
from monitor.core.errors import ConfigError, DeliveryError
from monitor.notify.channels import Receipt
from monitor.notify.handing import last_chance
from monitor.notify.message import Message
from monitor.notify.text import whole
from monitor.notify.words import clean

LOOK_ALIKES = str.maketrans({"<": "‹", ">": "›"})
MISSING = 'needs Apprise: pip install "holdings-monitor[apprise]"'


class AppriseChannel:
    """Notifies the one address of the settings, which holds its secrets and is never part of an error."""

    pace = 1.0  # the services behind are chats; none likes more

    def __init__(self, name: str, settings: AppriseSettings) -> None:
        self.name = name
        self._apprise = _notifier(name, settings.url.get_secret_value() if settings.url else "")

    def send(self, message: Message, *, key: str, thread: str | None) -> Receipt:
        """Title and text; Apprise escapes and cuts them as the service wants it."""
        body = whole(message).partition("\n\n")[2] or message.title  # its first paragraph is the title
        last_chance()
        try:
            taken = self._apprise.notify(body=quiet(body), title=quiet(clean(message.title, 200)), body_format="text")
        except (TypeError, ValueError, OSError) as error:
            raise DeliveryError(f"apprise: {type(error).__name__}", permanent=False, ambiguous=True) from None
        if not taken:
            raise DeliveryError("apprise: the service did not take it", permanent=False, ambiguous=True)
        return Receipt(key.replace(" ", "_"))


def quiet(text: str) -> str:
    """The text without what some service behind Apprise takes for a call: Apprise itself may ping on Discord whom
    `@everyone` or `<@123>` in a text names, and knows tags of Slack and Teams (2.3, read 2026-11-27)."""
    return re.sub(r"@(?=\w)", "＠", text.translate(LOOK_ALIKES))


def _notifier(name: str, url: str) -> Any:
    """Apprise with one service, which says nothing to the log: it would name addresses. Raises ConfigError."""
    try:
        import apprise
    except ImportError:
        raise ConfigError(f"channels.{name}: {MISSING}") from None
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    asset = apprise.AppriseAsset(
        async_mode=False,
        secure_logging=True,
        interpret_escapes=False,  # a backslash in a name is a backslash
        interpret_emojis=False,
        http_redirects=0,
        pem_autogen=False,
        pgp_autogen=False,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
    )
    notifier = apprise.Apprise(asset=asset)
    if not notifier.add(url):
        raise ConfigError(f"channels.{name}: Apprise does not understand its url")
    return notifier
