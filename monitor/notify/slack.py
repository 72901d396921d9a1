"""Slack through a bot token. Retries belong to the outbox; this sends once and can look for what it sent."""

from __future__ import annotations

import logging
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from math import inf
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from monitor.config import SlackSettings
from monitor.config.addresses import Resolver, system_resolver
from monitor.core.errors import DeliveryError
from monitor.notify import blocks, slack_files
from monitor.notify import painter as painting
from monitor.notify.answers import check_place, lost, retry_after
from monitor.notify.channels import Receipt, references
from monitor.notify.chart import alt_text, chart_of
from monitor.notify.handing import last_chance
from monitor.notify.message import EDITED, Form, Message
from monitor.notify.painter import Painter
from monitor.notify.slack_files import SlackFiles

TEMPORARY = frozenset({"fatal_error", "internal_error", "ratelimited", "rate_limited", "request_timeout"})
TEMPORARY |= {"service_unavailable", "message_limit_exceeded", "team_added_to_org"}
# About this one message. Everything else Slack answers by name (channel_not_found, invalid_auth, …) needs a person.
THIS_MESSAGE = frozenset({"msg_too_long", "msg_blocks_too_long", "no_text", "invalid_blocks", "invalid_blocks_format"})
THIS_MESSAGE |= {"invalid_metadata_format", "invalid_metadata_schema", "metadata_too_large", "too_many_attachments"}
BLOCKS = frozenset({"invalid_blocks", "invalid_blocks_format"})
LOOKED_AT = (1.0, 2.0)  # seconds: Slack looks at a file after it was uploaded, mostly for about one
FOR_PICTURES = painting.SECONDS + slack_files.SECONDS + 2 * sum(LOOKED_AT)  # an edit and a reply may wait
NO_PARENT = frozenset({"thread_not_found", "message_not_found", "cannot_reply_to_message"})
EDIT_TRIES = 3
PAGE = 200  # messages asked for at once when looking for one of ours
FEW_PAGES = 5  # read in any case: timestamps may mislead
MOST_PAGES = 25  # then looking costs more than a repeat that says so; Slack allows about 50 such requests a minute
LEEWAY = timedelta(hours=1)


def quiet() -> logging.Logger:
    """A logger that reaches nobody: the library would log addresses and bodies."""
    logger = logging.Logger("slack_sdk", logging.CRITICAL)
    logger.addHandler(logging.NullHandler())
    return logger


class SlackChannel:
    """Posts to one conversation. Receipts are `channel id/timestamp`, so that later news becomes replies."""

    pace = 1.0  # Slack allows about one message a second in a conversation

    def __init__(
        self, name: str, settings: SlackSettings, *, resolve: Resolver = system_resolver,
        painter: Painter | None = None, rest: Callable[[float], object] = time.sleep,
    ) -> None:  # fmt: skip
        self.name = name
        self.painter = (painter or Painter()) if settings.charts else None
        self._rest = rest
        self._resolve, self._url = resolve, settings.base_url
        self._channel = settings.channel
        self._buttons = settings.interactive
        self.patience = settings.timeout + 10 + (FOR_PICTURES if settings.charts else 0)
        self._unedited: Counter[str] = Counter()
        token = settings.token.get_secret_value() if settings.token else None
        self._client = WebClient(
            token, base_url=settings.base_url, timeout=int(settings.timeout) or 1, retry_handlers=[], logger=quiet()
        )
        self._client.proxy = None  # urllib's own reading of the environment also knows no_proxy
        self._files = SlackFiles(name, self._client, resolve)

    def send(self, message: Message, *, key: str, thread: str | None) -> Receipt:
        """chat.postMessage; in a thread as a reply, after the parent was made to say what is known now."""
        check_place("Slack", self._url, self._resolve)
        parent, picture = _parent(thread), self._picture(message)
        if parent is None:
            return self._post(message, key, None, picture)
        note = self._edit(parent, message, picture) if message.form in EDITED else ""
        try:
            posted = self._post(message, key, parent, picture)
        except SlackRefusal as error:
            if error.name not in NO_PARENT:
                raise
            posted, note = self._post(message, key, None, picture), "the first message is gone; posted as a new one"
        return replace(posted, note=note)

    def _picture(self, message: Message) -> str | None:
        """The id of the chart of a message at Slack, where nobody sees it yet; None when it goes without one."""
        chart = chart_of(message) if self.painter is not None else None
        if self.painter is None or chart is None:
            return None
        last_chance()  # who must not send any more need not draw
        drawn = self.painter.paint(chart)
        return self._files.upload(drawn, alt_text(message)) if drawn is not None else None

    def _shown(self, call: Callable[[str | None], SlackResponse], picture: str | None) -> SlackResponse:
        """`call` with the picture, as soon as Slack has looked at the file; without it when that takes too long.

        A refusal of blocks has certainly posted nothing, so that asking again makes no second message.
        """
        for wait in (*LOOKED_AT, 0.0) if picture is not None else ():
            last_chance()
            try:
                answer = _call(lambda: call(picture))
            except SlackRefusal as error:
                if error.name not in BLOCKS:
                    raise
                self._rest(wait)
            else:
                self._files.was_shown()
                return answer
        if picture is not None:
            self._files.was_not_shown(picture)
        last_chance()
        return _call(lambda: call(None))

    def _post(self, message: Message, key: str, parent: _Place | None, picture: str | None) -> Receipt:
        answer = self._shown(
            lambda file: self._client.chat_postMessage(
                channel=parent.channel if parent else self._channel,
                thread_ts=parent.timestamp if parent else None,
                mrkdwn=False,
                unfurl_links=False,
                unfurl_media=False,
                **self._content(message, key, file),
            ),
            picture,
        )
        channel = str(answer.get("channel") or self._channel)
        return Receipt(_Place(channel, str(answer.get("ts", "")), message.revision).reference)

    def _edit(self, parent: _Place, message: Message, picture: str | None) -> str:
        """Let the parent show what `message` says, under its own key; the same edit twice changes nothing.

        A note when it cannot be edited (any more), or not after a few tries: the reply says it all and must not wait
        for ever. Raises DeliveryError when it may go later: nothing has been posted then, so it is never ambiguous.
        """
        shown = replace(message, form=Form.ALERT, headline=f"{EDITED[message.form]}{message.headline}", repeated=False)
        key = f"{message.item}:{parent.revision}:{self.name}"
        buttons = self._buttons and message.form is not Form.WITHDRAWN
        try:
            self._shown(
                lambda file: self._client.chat_update(
                    channel=parent.channel, ts=parent.timestamp, **self._content(shown, key, file, buttons)
                ),
                picture,
            )
        except DeliveryError as error:
            last_chance()  # if it was we who had something against it, that is said as it is
            self._unedited[key] += 1
            if error.permanent or (error.ambiguous and self._unedited[key] >= EDIT_TRIES):
                return f"the first message was not edited ({error})"
            raise DeliveryError(f"{error} (edit)", permanent=False, retry_after=error.retry_after) from None
        return ""

    def _content(self, message: Message, key: str, picture: str | None, buttons: bool | None = None) -> dict[str, Any]:
        asked = self._buttons if buttons is None else buttons
        return {
            "text": blocks.fallback(message),
            "blocks": blocks.blocks(message, buttons=asked, picture=picture),
            "metadata": blocks.metadata(message, key),
        }

    def find(self, key: str, *, thread: str | None, age: timedelta) -> Receipt | None:
        """Look through the thread, or through the newest messages back to `age`, for `key` in the metadata.

        How far back is measured by Slack's own clock, from the `Date` of its answer: ours may be wrong.
        """
        check_place("Slack", self._url, self._resolve)
        parent = _parent(thread)
        place, cursor = parent or _Place(self._channel, "", 1), ""
        for page in range(1, MOST_PAGES + 1):
            answer = _call(lambda after=cursor: self._page(place, after))  # type: ignore[misc]
            messages = answer.get("messages") or []
            for found, revision in _ours(messages, key):
                return Receipt(_Place(place.channel, found, revision).reference)
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor or (page >= FEW_PAGES and parent is None and _oldest(messages) < _since(answer, age)):
                return None
        raise DeliveryError(f"Slack: not among the newest {MOST_PAGES * PAGE} messages", permanent=True)

    def _page(self, place: _Place, cursor: str) -> SlackResponse:
        if place.timestamp:
            return self._client.conversations_replies(
                channel=place.channel, ts=place.timestamp, cursor=cursor, limit=PAGE, include_all_metadata=True
            )
        return self._client.conversations_history(
            channel=place.channel, cursor=cursor, limit=PAGE, include_all_metadata=True
        )


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a message of ours is, and which revision it was posted as."""

    channel: str
    timestamp: str
    revision: int

    @property
    def reference(self) -> str:
        """`C0123/1700000000.000100`, with `/2` when it was not the first revision."""
        return f"{self.channel}/{self.timestamp}{f'/{self.revision}' if self.revision != 1 else ''}"


def _parent(thread: str | None) -> _Place | None:
    """The first message of a thread."""
    for first in references(thread):
        channel, timestamp, revision = [*first.split("/"), "", ""][:3]
        if channel and timestamp:
            return _Place(channel, timestamp, int(revision) if revision.isdecimal() else 1)
    return None


def _ours(messages: Iterable[dict[str, Any]], key: str) -> Iterator[tuple[str, int]]:
    for message in messages:
        metadata = message.get("metadata")
        payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
        if isinstance(payload, dict) and payload.get("key") == key:
            revision = key.split(":")[1:2]
            yield str(message.get("ts", "")), int(revision[0]) if revision and revision[0].isdecimal() else 1


def _oldest(messages: Sequence[dict[str, Any]]) -> float:
    """Seconds since 1970 of the last message of a page, by Slack's clock; the page is newest first."""
    try:
        return float(messages[-1].get("ts", "")) if messages else 0.0
    except ValueError:
        return inf


def _since(answer: SlackResponse, age: timedelta) -> float:
    """Before when, by Slack's clock, our message was certainly not posted; without a `Date` all of time is possible."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    try:
        at = parsedate_to_datetime(str(headers.get("date", "")))
    except (TypeError, ValueError):
        return -inf
    return (at - age - LEEWAY).timestamp()


class SlackRefusal(DeliveryError):
    """A refusal by name that stays one."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Slack: {name}", permanent=True, destination=name not in THIS_MESSAGE | NO_PARENT)
        self.name = name


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
    return SlackRefusal(name)
