"""Brings a picture to Slack without showing it to anybody: only a message that names the file does that.

Nothing that happens here may hold up a message: time, size and places are bounded, and every trouble ends in a message
without a picture. That the app may not upload is remembered, and said once.
"""

from __future__ import annotations

import hashlib
import logging
import queue
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from http.client import HTTPException
from urllib.parse import urlsplit

import requests
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from monitor.config.addresses import Resolver, is_loopback
from monitor.core.errors import DeliveryError
from monitor.notify.answers import check_place, retry_after
from monitor.notify.chart import ALT
from monitor.notify.words import shorten

SECONDS = 10.0  # for one upload, whatever it waits for
REST = 60.0  # seconds without uploads after Slack asked for a pause and did not say how long
MOST_UNSEEN = 5  # files in a row that Slack would not show; waiting for each costs a message three seconds
KEPT = 32  # files remembered: an edit, its reply and a repeat show the same one
IDENTITY = re.compile(r"F[A-Z0-9]{8,30}")
# Nothing that another file or another minute would change.
LASTING = frozenset({"missing_scope", "not_allowed_token_type", "file_uploads_disabled", "file_type_not_allowed"})
log = logging.getLogger(__name__)


class SlackFiles:
    """Uploads of one channel. Any thread may ask; `clock` counts seconds."""

    def __init__(
        self, name: str, client: WebClient, resolve: Resolver, *, seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._name, self._client, self._resolve = name, client, resolve
        self._seconds, self._clock = seconds, clock
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._never = False
        self._unseen = 0
        self._not_before = 0.0
        self._said: set[str] = set()

    def upload(self, picture: bytes, alt: str) -> str | None:
        """The id of a file that only we see; None when there is none in time."""
        name = hashlib.sha256(picture + alt.encode()).hexdigest()
        if name in self._kept:
            return self._kept[name]
        if self._never or self._clock() < self._not_before:
            return None
        found = self._in_time(lambda: self._uploaded(picture, shorten(alt, ALT)))
        if found is not None:
            self._kept[name] = found
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found

    def was_shown(self) -> None:
        """Slack took a message with one of our files."""
        self._unseen = 0

    def was_not_shown(self, identity: str) -> None:
        """Slack took no message with this file, though we waited: it is forgotten; after a few no more are tried."""
        self._kept = OrderedDict((name, one) for name, one in self._kept.items() if one != identity)
        self._unseen += 1
        self._never = self._never or self._unseen >= MOST_UNSEEN
        self._none("Slack did not have the file ready in time" + (", no more are tried" if self._never else ""))

    def _in_time(self, call: Callable[[], str | None]) -> str | None:
        """What `call` gives; timeouts of libraries are per read, and a server may trickle."""
        results: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=lambda: results.put(self._quietly(call)), daemon=True).start()
        try:
            return results.get(timeout=self._seconds)
        except queue.Empty:
            return self._none("not uploaded in time")

    def _quietly(self, call: Callable[[], str | None]) -> str | None:
        try:
            return call()
        except SlackApiError as error:
            return self._refused(error)
        except DeliveryError as error:
            return self._none(str(error))
        except (SlackClientError, requests.RequestException, OSError, HTTPException, ValueError) as error:
            return self._none(f"not uploaded ({type(error).__name__})")

    def _uploaded(self, picture: bytes, alt: str) -> str | None:
        asked = self._client.files_getUploadURLExternal(filename="chart.png", length=len(picture), alt_txt=alt)
        url, identity = str(asked.get("upload_url") or ""), str(asked.get("file_id") or "")
        if not (IDENTITY.fullmatch(identity) and self._is_slack(url)):
            return self._none("Slack named a place for it that is not Slack's")
        check_place("Slack files", url, self._resolve)
        if not self._put(url, picture):
            return self._none("Slack did not take it")
        self._client.files_completeUploadExternal(files=[{"id": identity, "title": "Position over time"}])
        return identity

    def _is_slack(self, url: str) -> bool:
        """Whether pictures may go there: to Slack, encrypted, or to this machine when Slack is played by it."""
        try:
            parts, base = urlsplit(url), urlsplit(self._client.base_url)
        except ValueError:
            return False
        if is_loopback(self._client.base_url):
            return parts.scheme in ("http", "https") and is_loopback(url)
        homes = {"slack.com", base.hostname or "slack.com"}
        host = parts.hostname or ""
        return parts.scheme == "https" and any(host == home or host.endswith(f".{home}") for home in homes)

    def _put(self, url: str, picture: bytes) -> bool:
        """POST the bytes, without our token and wherever it leads not to another place."""
        direct = {"http": "", "https": ""} if is_loopback(url) else None
        with requests.Session() as session:
            answer = session.post(
                url,
                data=picture,
                headers={"Content-Type": "image/png", "User-Agent": "holdings-monitor"},
                timeout=self._client.timeout,
                allow_redirects=False,
                stream=True,
                proxies=direct,
                auth=_nobody,
            )
            answer.close()  # the status says it all; a body could trickle for ever
        return answer.status_code == 200

    def _refused(self, error: SlackApiError) -> str | None:
        word = re.sub(r"[^a-z0-9_]", "?", str(error.response.get("error") or f"http_{error.response.status_code}"))[:60]
        if error.response.status_code == 429 or word in ("ratelimited", "rate_limited"):
            wait = retry_after(error.response.headers)
            self._not_before = self._clock() + (REST if wait is None else wait)
            return self._none("Slack asks for a pause")
        self._never = self._never or word in LASTING
        scope = " (the app lacks the scope files:write)" if word == "missing_scope" else ""
        return self._none(f"{word}{scope}")

    def _none(self, reason: str) -> str | None:
        if reason not in self._said and len(self._said) < KEPT:
            self._said.add(reason)
            log.warning("messages to %s go without a picture: %s", self._name, reason)
        return None


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """No credentials: those of a .netrc file were meant for somebody else."""
    return request
