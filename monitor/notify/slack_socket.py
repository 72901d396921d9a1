"""Listens to Slack over Socket Mode: acknowledges, hands a question on, sends the answer. It answers nothing itself.

The library's client reads and writes the WebSocket; when to connect again is ours, because its own way tries every
few seconds for ever and may sleep for as long as Slack says while somebody waits for the end of the program.
Neither the app token nor the address of the WebSocket, which holds a ticket, is ever part of a log line.
"""

from __future__ import annotations

import logging
import random
import re
import select
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from http.client import HTTPException
from queue import Full, Queue
from urllib.parse import urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.socket_mode.builtin.client import SocketModeClient
from slack_sdk.socket_mode.builtin.connection import Connection

from monitor.config import SlackSettings
from monitor.config.fields import LOOPBACK
from monitor.core.errors import MonitorError
from monitor.notify.answers import retry_after
from monitor.notify.conversation import Asked, Reply, understood
from monitor.notify.slack import quiet
from monitor.notify.slack_replies import Replies, client_of

STEADY = 30.0  # seconds a connection must last before its loss counts as the first
LONGEST_WAIT = 60.0  # seconds between two attempts
REFUSED_WAIT = 300.0  # … when Slack says that the token or the app is wrong
LOOK = 0.5  # seconds between two looks at the connection
ENDING = 2.0  # seconds the end of the program waits for the connection and for answers that are being given
WAITING = 32  # questions that may wait
WORKERS = 2
REMEMBERED = 1_000  # envelopes that are known when they come again
BUSY = "Too many questions at once. Ask again in a moment."
BROKEN = Reply("This cannot be answered: the program made a mistake, which is in its log.")
log = logging.getLogger(__name__)

Answer = Callable[[Asked], Reply]


class _Refused(MonitorError):
    """No connection could be made: why, and in how many seconds to try again at the earliest."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


class _Client(SocketModeClient):
    """The library's client, which asks us for a new connection instead of making one."""

    def __init__(self, token: str, web: WebClient, renew: threading.Event) -> None:
        self._renew = renew
        super().__init__(token, logger=quiet(), web_client=web, receive_buffer_size=65_536, concurrency=4)

    def connect_to_new_endpoint(self, force: bool = False) -> None:
        self._renew.set()


class Listener:
    """One connection to Slack for one app. `name` is what the configuration calls its channel."""

    def __init__(self, name: str, settings: SlackSettings, answer: Answer) -> None:
        self.name = name
        self._answer = answer
        self._private = settings.allow_private
        self._app_token = settings.app_token.get_secret_value() if settings.app_token else ""
        self._web = client_of(settings)
        self._replies = Replies(name, self._web, settings)
        self._stopping, self._renew = threading.Event(), threading.Event()
        self._client: _Client | None = None
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()
        self._questions: Queue[Asked | None] = Queue(WAITING)
        self._threads: list[threading.Thread] = []
        self._said = ""

    # --- beginning and end ------------------------------------------------------------------------

    def start(self) -> None:
        """Begins to listen; does not wait for a connection and never fails."""
        targets = [self._keep_connected, *[self._work] * WORKERS]
        # Daemon threads: nothing here may keep a program from ending.
        self._threads = [threading.Thread(target=one, name=f"slack {self.name}", daemon=True) for one in targets]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends within about two seconds, whatever the connection does."""
        self._stopping.set()
        self._renew.set()
        for _ in range(WORKERS):
            try:
                self._questions.put_nowait(None)
            except Full:
                break
        until = time.monotonic() + ENDING
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _close(self) -> None:
        client = self._client
        if client is None:
            return
        if client.current_session is not None:
            _wake(client.current_session)
        client.closed = True
        client.message_queue.put(None)  # the library would wait for a message for another second
        client.close()

    # --- the connection ---------------------------------------------------------------------------

    def _keep_connected(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            began, wait = time.monotonic(), 0.0
            try:
                self._connect()
                self._say_once("", f"listening to Slack for {self.name}")
                self._watch()
            except _Refused as error:
                wait = error.wait
                self._say_once(str(error), f"cannot listen to Slack for {self.name}, trying on: {error}")
            except Exception as error:  # noqa: BLE001 – a fault of the library costs the buttons, not the daemon
                word = type(error).__name__
                self._say_once(word, f"cannot listen to Slack for {self.name}, trying on: {word}")
            failures = 0 if time.monotonic() - began > STEADY else failures + 1
            self._stopping.wait(max(wait, pause(failures)))
        self._close()

    def _connect(self) -> None:
        """A new connection in place of the old one, if any. Raises _Refused."""
        url = self._open()
        if self._client is None:
            self._client = _Client(self._app_token, self._web, self._renew)
            self._client.message_listeners.append(self._received)
        self._renew.clear()
        self._client.proxy = _proxy_for(url)
        self._client.wss_uri = url
        if (old := self._client.current_session) is not None:
            # The library closes it once the new one stands, and waits for its read to end; the new one is not read
            # until then, which can be longer than Slack waits for an acknowledgement.
            old.close = partial(_close_now, old)  # type: ignore[method-assign]
        self._client.connect()
        if not self._client.is_connected():
            raise _Refused("the connection was not accepted")

    def _open(self) -> str:
        """The address of a WebSocket, which holds a ticket."""
        try:
            url = str(self._web.apps_connections_open(app_token=self._app_token).get("url") or "")
        except SlackApiError as error:
            word = str(error.response.get("error") or "")
            word = word if re.fullmatch(r"[a-z0-9_]{1,60}", word) else f"HTTP {error.response.status_code}"
            wait = retry_after(error.response.headers)
            limited = "ratelimited" in word or error.response.status_code in (429, 500, 502, 503, 504)
            raise _Refused(
                f"Slack answers {word}", min(wait or 0.0, REFUSED_WAIT) if limited else REFUSED_WAIT
            ) from None
        except (SlackClientError, OSError, HTTPException, ValueError) as error:
            raise _Refused(f"connection failed ({type(error).__name__})") from None
        if not self._is_safe(url):
            raise _Refused("Slack named an address that is not encrypted", REFUSED_WAIT)
        parts = urlsplit(url)
        return urlunsplit(parts._replace(path=parts.path or "/"))  # the library asks for the path as it is

    def _is_safe(self, url: str) -> bool:
        """The library encrypts on port 443 only, whatever the scheme says."""
        try:
            parts = urlsplit(url)
            encrypted = parts.scheme == "wss" and parts.port in (None, 443)
            return bool(parts.hostname) and (encrypted or parts.hostname in LOOPBACK or self._private)
        except ValueError:
            return False

    def _watch(self) -> None:
        """Returns when the connection is lost, or Slack wants another one."""
        while not (self._stopping.is_set() or self._renew.wait(LOOK)):
            client = self._client
            if client is None or not client.is_connected():
                return
            session = client.current_session
            if session is not None and _has_ended(session):  # the library would read nothing, again and again
                _close_now(session)
                return

    def _say_once(self, reason: str, text: str) -> None:
        if reason and reason != self._said:
            log.warning("%s", text)
        elif not reason:
            log.info("%s", text)
        self._said = reason

    # --- envelopes --------------------------------------------------------------------------------

    def _received(self, client: object, message: Mapping[str, object], _raw: str | None = None) -> None:
        """Acknowledges first: Slack waits three seconds. Then hands on what is new."""
        envelope, payload = message.get("envelope_id"), message.get("payload")
        if not isinstance(envelope, str):
            return
        taken: dict[str, object] = {"envelope_id": envelope}
        if self._questions.full() and message.get("accepts_response_payload") is True:
            taken["payload"] = {"response_type": "ephemeral", "text": BUSY}  # shown to who asked
        try:
            assert isinstance(client, _Client)
            client.send_socket_mode_response(taken)
        except (SlackClientError, OSError):
            log.info("Slack did not take an acknowledgement for %s and will ask again", self.name)
        trigger = payload.get("trigger_id") if isinstance(payload, Mapping) else None
        if self._is_known(f"envelope {envelope}", f"trigger {trigger}" if trigger else ""):
            return
        asked = understood(str(message.get("type")), payload)
        if asked is not None and "payload" not in taken:
            self._hand_on(asked)

    def _is_known(self, *marks: str) -> bool:
        """Whether one of the marks was seen; from now on all are."""
        with self._lock:
            known = any(mark in self._seen for mark in marks if mark)
            self._seen.update(dict.fromkeys(mark for mark in marks if mark))
            while len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
            return known

    def _hand_on(self, asked: Asked) -> None:
        try:
            self._questions.put_nowait(asked)
        except Full:  # nothing is sent from here: who waits for an answer of Slack cannot acknowledge
            log.warning("too many questions at once for %s: one of %s was left out", self.name, asked.who)

    def _work(self) -> None:
        while (asked := self._questions.get()) is not None and not self._stopping.is_set():
            try:
                reply = self._answer(asked)
            except Exception:
                log.exception("a question from Slack (%s) could not be answered", asked.what)
                reply = BROKEN
            self._replies.send(asked, reply)


def pause(failures: int) -> float:
    """Seconds until the next attempt after so many failures in a row, never twice the same."""
    return min(LONGEST_WAIT, 2.0 ** min(failures, 8) / 2) * random.uniform(0.5, 1.0) if failures else 0.0


def _proxy_for(url: str) -> str | None:
    """The proxy that the environment names for this host. The library's own reading knows no exceptions."""
    host = urlsplit(url).hostname or ""
    return None if host in LOOPBACK or proxy_bypass(host) else getproxies().get("https")


def _close_now(session: Connection) -> None:
    _wake(session)
    session.disconnect()


def _wake(session: Connection) -> None:
    """Ends a read that waits: the library closes a connection only after it."""
    try:
        if session.sock is not None:
            socket.socket.shutdown(session.sock, socket.SHUT_RDWR)
    except OSError:
        pass  # closed already


def _has_ended(session: Connection) -> bool:
    """Whether the other side closed the connection without a word."""
    sock = session.sock
    try:
        if sock is None:
            return False
        look = select.poll()
        look.register(sock, select.POLLIN)
        # Of the socket below the encryption: bytes that wait there are looked at, not taken.
        return bool(look.poll(0)) and socket.socket.recv(sock, 1, socket.MSG_PEEK) == b""
    except (OSError, ValueError):
        return False
