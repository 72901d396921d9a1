"""Whether a channel could be told: its server is asked who we are and what we may. Nothing is ever sent."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from typing import assert_never
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from monitor.config import (
    AppriseSettings,
    ChannelSettings,
    ConsoleSettings,
    FileSettings,
    MailSettings,
    SlackSettings,
    SlackWebhookSettings,
    WebhookSettings,
)
from monitor.notify.painter import NOT_INSTALLED, is_installed
from monitor.notify.slack import quiet
from monitor.notify.words import clean

Resolve = Callable[[str, int], object]
SCOPES = {
    "conversations.history": "channels:history (or groups:history): without it a message may come twice after a fault",
    "apps.connections.open": "connections:write of the app token: without it buttons and commands are not answered",
    "conversations.info": "channels:read (or groups:read): only this look needs it",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked, whether all is well (None: not known), and what was said."""

    asked: str
    well: bool | None
    text: str


def probe(settings: ChannelSettings, resolve: Resolve = socket.getaddrinfo) -> Iterator[Answer]:
    """What the channel's server says."""
    match settings:
        case ConsoleSettings():
            yield Answer("console", True, "the standard output")
        case FileSettings():
            folder = settings.path.parent
            yield Answer("folder", folder.is_dir(), f"{folder} is {'there' if folder.is_dir() else 'missing'}")
        case SlackSettings():
            yield from _slack(settings)
        case SlackWebhookSettings() | WebhookSettings():
            yield _resolved(settings, resolve)
        case MailSettings():
            yield _greeted(settings)
            if settings.charts:
                yield Answer("charts", True, "drawn by matplotlib" if is_installed() else f"none: {NOT_INSTALLED}")
        case AppriseSettings():
            yield _understood(settings)
        case _:
            assert_never(settings)


def _slack(settings: SlackSettings) -> Iterator[Answer]:
    token = settings.token.get_secret_value() if settings.token else None
    client = WebClient(
        token, base_url=settings.base_url, timeout=int(settings.timeout) or 1, retry_handlers=[], logger=quiet()
    )
    client.proxy = None
    calls: dict[str, Callable[[], SlackResponse]] = {
        "auth.test": client.auth_test,
        "conversations.info": lambda: client.conversations_info(channel=settings.channel),
        "conversations.history": lambda: client.conversations_history(channel=settings.channel, limit=1),
    }
    if settings.interactive and settings.app_token:
        app_token = settings.app_token.get_secret_value()
        calls["apps.connections.open"] = lambda: client.apps_connections_open(app_token=app_token)
    for name, call in calls.items():
        try:
            answer = call()
        except SlackApiError as error:
            reason = clean(str(error.response.get("error") or f"HTTP {error.response.status_code}"), 60)
            yield Answer(name, None if reason == "missing_scope" else False, _scope(name, reason))
            if name == "auth.test":
                return
        except (SlackClientError, OSError, HTTPException, ValueError) as error:
            yield Answer(name, False, f"no answer ({type(error).__name__})")
            return
        else:
            who = f"{answer.get('user', '?')} of {answer.get('team', '?')}" if name == "auth.test" else "allowed"
            yield Answer(name, True, clean(who, 100))
            if name == "auth.test" and settings.charts:
                yield _may_upload(answer)


def _scope(name: str, reason: str) -> str:
    return f"the app lacks the scope {SCOPES[name]}" if reason == "missing_scope" and name in SCOPES else reason


def _may_upload(answer: SlackResponse) -> Answer:
    """Whether alerts can have pictures, by the scopes Slack names with every answer."""
    headers = {name.lower(): str(value) for name, value in answer.headers.items()}
    if not is_installed():
        return Answer("charts", None, f"alerts go without pictures: {NOT_INSTALLED}")
    if "x-oauth-scopes" not in headers:
        return Answer("charts", None, "Slack does not say whether the app may upload pictures (files:write)")
    if "files:write" in (scope.strip() for scope in headers["x-oauth-scopes"].split(",")):
        return Answer("charts", True, "the app may upload pictures")
    return Answer("charts", None, "the app lacks the scope files:write: alerts go without pictures")


def _resolved(settings: SlackWebhookSettings | WebhookSettings, resolve: Resolve) -> Answer:
    parts = urlsplit(settings.url.get_secret_value() if settings.url else "")
    try:
        resolve(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
    except (OSError, UnicodeError):
        return Answer("host", False, "its name cannot be resolved")
    return Answer("host", True, "its name can be resolved")


def _greeted(settings: MailSettings) -> Answer:
    """EHLO, STARTTLS and the login, as before a mail; then QUIT."""
    context = ssl.create_default_context(cafile=settings.ca_file) if settings.security != "none" else None
    server: smtplib.SMTP | None = None
    try:
        if settings.security == "tls":
            server = smtplib.SMTP_SSL(settings.host, settings.port, timeout=settings.timeout, context=context)
        else:
            server = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout)
        server.ehlo()
        if settings.security == "starttls":
            server.starttls(context=context)
        if settings.user and settings.password:
            server.login(settings.user, settings.password.get_secret_value())
    except smtplib.SMTPResponseException as error:
        return Answer("server", False, f"refuses with {error.smtp_code}")
    except (smtplib.SMTPException, OSError, ValueError) as error:
        return Answer("server", False, f"no use of {settings.host}:{settings.port} ({type(error).__name__})")
    finally:
        if server is not None:
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
            server.close()
    return Answer("server", True, f"{settings.host}:{settings.port} {'lets us in' if settings.user else 'greets us'}")


def _understood(settings: AppriseSettings) -> Answer:
    try:
        import apprise
    except ImportError:
        return Answer("address", False, "apprise is not installed")
    known = apprise.Apprise().add(settings.url.get_secret_value() if settings.url else "")
    return Answer("address", bool(known), "understood by apprise" if known else "not understood by apprise")
