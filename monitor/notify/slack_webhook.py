"""Slack through an incoming webhook: the same blocks, but no replies and no looking back."""

from __future__ import annotations

import hashlib
from http.client import HTTPException

from slack_sdk.errors import SlackClientError
from slack_sdk.webhook import WebhookClient, WebhookResponse

from monitor.config import SlackWebhookSettings
from monitor.config.addresses import Resolver, system_resolver
from monitor.core.errors import DeliveryError
from monitor.notify import blocks
from monitor.notify.answers import check_place, lost, retry_after
from monitor.notify.channels import Receipt
from monitor.notify.handing import last_chance
from monitor.notify.message import Message
from monitor.notify.slack import quiet


class SlackWebhookChannel:
    """Posts to the address of the settings, which is a secret and never part of an error."""

    pace = 1.0

    def __init__(self, name: str, settings: SlackWebhookSettings, *, resolve: Resolver = system_resolver) -> None:
        self.name = name
        self._resolve = resolve
        self.patience = settings.timeout + 10
        url = settings.url.get_secret_value() if settings.url else ""
        self._client = WebhookClient(url, timeout=int(settings.timeout) or 1, retry_handlers=[], logger=quiet())
        self._client.proxy = None  # urllib's own reading of the environment also knows no_proxy

    def send(self, message: Message, *, key: str, thread: str | None) -> Receipt:
        """One POST; the library does not raise on refusals, so the status is checked here."""
        check_place("Slack webhook", self._client.url, self._resolve)
        last_chance()
        try:
            answer = self._client.send(
                text=blocks.fallback(message),
                blocks=blocks.blocks(message),
                metadata=blocks.metadata(message, key),
                unfurl_links=False,
                unfurl_media=False,
            )
        except (SlackClientError, OSError, HTTPException, ValueError) as error:
            raise lost("Slack webhook", error) from None
        if answer.status_code != 200:
            raise _refusal(answer)
        return Receipt(hashlib.sha256(key.encode()).hexdigest()[:16])


def _refusal(answer: WebhookResponse) -> DeliveryError:
    status = answer.status_code
    word = answer.body.strip() if answer.body.strip().replace("_", "").isalnum() and len(answer.body) < 60 else ""
    text = f"Slack webhook: HTTP {status} {word}".rstrip()
    wait = retry_after(answer.headers)
    if status == 429:
        return DeliveryError(text, permanent=False, retry_after=wait)
    if status >= 500:
        return DeliveryError(text, permanent=False, retry_after=wait, ambiguous=True)
    return DeliveryError(text, permanent=True, destination=status not in (400, 413))
