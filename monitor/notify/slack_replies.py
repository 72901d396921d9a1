"""Sends the answers to what people ask in Slack, once each. It keeps no connection and decides no words."""

from __future__ import annotations

import logging
import re
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from monitor.config import SlackSettings
from monitor.config.fields import LOOPBACK
from monitor.notify.conversation import Asked, Reply, reply_body
from monitor.notify.slack import quiet

PATIENCE = 10  # seconds at most for one request: somebody waits, and the end of the program may, too
log = logging.getLogger(__name__)


def client_of(settings: SlackSettings) -> WebClient:
    """Slack's web interface with the bot token of the settings."""
    token = settings.token.get_secret_value() if settings.token else None
    seconds = min(int(settings.timeout) or 1, PATIENCE)
    client = WebClient(token, base_url=settings.base_url, timeout=seconds, retry_handlers=[], logger=quiet())
    client.proxy = None  # urllib's own reading of the environment also knows no_proxy
    return client


class Replies:
    """Where answers go: through the address Slack gave for the question, else into the channel."""

    def __init__(self, name: str, web: WebClient, settings: SlackSettings) -> None:
        self._name = name
        self._web = web
        self._base = urlsplit(settings.base_url)

    def send(self, asked: Asked, reply: Reply) -> None:
        """Never raises, and never tries again where the first may have arrived."""
        try:
            if not (self._is_ours(asked.answer_to) and self._said_back(asked, reply)):
                self._post(asked, reply)
        except SlackApiError as error:
            word = str(error.response.get("error") or error.response.status_code)
            log.warning("Slack did not take an answer for %s: %s", self._name, re.sub(r"[^a-z0-9_]", "?", word)[:60])
        except Exception as error:  # noqa: BLE001 – a lost answer is asked for again; who sends them goes on
            log.warning("an answer for %s did not reach Slack: %s", self._name, type(error).__name__)

    def _is_ours(self, url: str) -> bool:
        """Whether answers may go there: to Slack, encrypted, or to this machine when Slack is played by it."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return False
        host, base = parts.hostname or "", self._base.hostname or ""
        if base in LOOPBACK:
            return parts.scheme in ("http", "https") and host in LOOPBACK
        return parts.scheme == self._base.scheme and (host == base or host.endswith(f".{base}"))

    def _said_back(self, asked: Asked, reply: Reply) -> bool:
        client = WebhookClient(asked.answer_to, timeout=self._web.timeout, retry_handlers=[], logger=quiet())
        client.proxy = None
        body = reply_body(reply) | {"response_type": "in_channel" if reply.public else "ephemeral"}
        body["replace_original"] = False
        if thread := _thread(asked, reply):
            body["thread_ts"] = thread
        status = client.send_dict(body).status_code
        return not 400 <= status < 500  # refused: expired or used up; above, it may have arrived

    def _post(self, asked: Asked, reply: Reply) -> None:
        body: dict[str, object] = {"channel": asked.channel, **reply_body(reply)}
        if thread := _thread(asked, reply):
            body["thread_ts"] = thread
        if reply.public:
            self._web.api_call("chat.postMessage", json=body)
        else:
            self._web.api_call("chat.postEphemeral", json=body | {"user": asked.user})


def _thread(asked: Asked, reply: Reply) -> str:
    """What all may see goes below the message it is about; what one person sees, to where that person looks."""
    return (asked.thread or asked.message) if reply.public else asked.thread
