"""Slack through a bot token. Retries belong to the outbox; this sends once and can look for what it sent."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from http.client import HTTPException

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from monitor.config import SlackSettings
from monitor.core.errors import DeliveryError
from monitor.notify import blocks
from monitor.notify.answers import lost, retry_after
from monitor.notify.channels import Receipt
from monitor.notify.message import Message

# Everything else Slack answers by name (channel_not_found, invalid_auth, …) needs a person.
TEMPORARY = frozenset({"fatal_error", "internal_error", "ratelimited", "rate_limited", "request_timeout"})
TEMPORARY |= {"service_unavailable", "message_limit_exceeded", "team_added_to_org"}
PAGES = 5  # of 200 messages, when looking for one of ours


def quiet() -> logging.Logger:
    """A logger that reaches nobody: the library would log addresses and bodies."""
    logger = logging.Logger("slack_sdk", logging.CRITICAL)
    logger.addHandler(logging.NullHandler())
    return logger


class SlackChannel:
    """Posts to one conversation. Receipts are `channel id/timestamp`, so that updates become replies."""

    pace = 1.0  # Slack allows about one message a second in a conversation

    def __init__(self, name: str, settings: SlackSettings) -> None:
        self.name = name
        self._channel = settings.channel
        self._buttons = settings.interactive
        token = settings.token.get_secret_value() if settings.token else None
        self._client = WebClient(
            token, base_url=settings.base_url, timeout=int(settings.timeout) or 1, retry_handlers=[], logger=quiet()
        )
        self._client.proxy = None  # urllib's own reading of the environment also knows no_proxy

    def send(self, message: Message, *, key: str, thread: str | None) -> Receipt:
        """chat.postMessage, as a reply when `thread` is given."""
        channel, timestamp = _parts(thread)
        answer = _call(
            lambda: self._client.chat_postMessage(
                channel=channel or self._channel,
                thread_ts=timestamp,
                text=blocks.fallback(message),
                blocks=blocks.blocks(message, buttons=self._buttons),
                metadata=blocks.metadata(message, key),
                mrkdwn=False,
                unfurl_links=False,
                unfurl_media=False,
            )
        )
        return Receipt(f"{answer.get('channel') or self._channel}/{answer.get('ts', '')}")

    def find(self, key: str, *, thread: str | None) -> Receipt | None:
        """Look through the newest messages (or the thread) for `key` in the metadata."""
        channel, timestamp = _parts(thread)
        place, cursor = channel or self._channel, ""
        for _ in range(PAGES):
            answer = _call(lambda after=cursor: self._page(place, timestamp, after))  # type: ignore[misc]
            for found in _timestamps(answer.get("messages") or [], key):
                return Receipt(f"{place}/{found}")
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break
        return None

    def _page(self, channel: str, thread: str | None, cursor: str) -> SlackResponse:
        if thread:
            return self._client.conversations_replies(
                channel=channel, ts=thread, cursor=cursor, limit=200, include_all_metadata=True
            )
        return self._client.conversations_history(channel=channel, cursor=cursor, limit=200, include_all_metadata=True)


def _parts(thread: str | None) -> tuple[str | None, str | None]:
    channel, _, timestamp = (thread or "").partition("/")
    return channel or None, timestamp or None


def _timestamps(messages: Iterable[dict[str, object]], key: str) -> Iterable[object]:
    for message in messages:
        metadata = message.get("metadata")
        payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
        if isinstance(payload, dict) and payload.get("key") == key:
            yield message.get("ts", "")


def _call(request: Callable[[], SlackResponse]) -> SlackResponse:
    try:
        return request()
    except SlackApiError as error:
        raise _refusal(error.response) from None
    except (SlackClientError, OSError, HTTPException, ValueError) as error:
        raise lost("Slack", error) from None


def _refusal(answer: SlackResponse) -> DeliveryError:
    status, name = answer.status_code, str(answer.get("error") or "")
    if status == 429 or name in ("ratelimited", "rate_limited"):
        return DeliveryError("Slack: rate limited", permanent=False, retry_after=retry_after(answer.headers))
    if status >= 500 or name in TEMPORARY or not re.fullmatch(r"[a-z0-9_]+", name):
        wait = retry_after(answer.headers)
        words = f"HTTP {status}" if status >= 500 else name if name in TEMPORARY else "unreadable answer"
        return DeliveryError(f"Slack: {words}", permanent=False, retry_after=wait, ambiguous=True)
    return DeliveryError(f"Slack: {name}", permanent=True)
