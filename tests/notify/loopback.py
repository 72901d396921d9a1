"""Destinations on this machine, and channels that reach them."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from aiosmtpd.smtp import Envelope
from pydantic import SecretStr
from pytest_httpserver import HTTPServer

from monitor.config import MailSettings, SlackSettings, SlackWebhookSettings
from monitor.core.errors import DeliveryError
from monitor.notify.channels import Channel
from monitor.notify.slack import SlackChannel
from monitor.notify.slack_webhook import SlackWebhookChannel
from tests.notify import samples

HOUR = timedelta(hours=1)
KEY = "I7d1f0a4c2e9b:1:channel"


class Mailbox:
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server: object, session: object, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 kept"


def mail_settings(port: int, **more: object) -> MailSettings:
    plain = {"type": "mail", "host": "127.0.0.1", "port": port, "security": "none", "timeout": 30, "charts": False}
    return MailSettings.model_validate(
        {**plain, "from": "Monitor <monitor@fund.example>", "to": ["desk@fund.example", "b@fund.example"], **more}
    )


def slack_settings(server: HTTPServer) -> SlackSettings:
    return SlackSettings(
        type="slack", channel="C1", token=SecretStr("xoxb-secret"), base_url=server.url_for("/api/"), timeout=30
    )


def sent_error(channel: Channel) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        channel.send(samples.full(), key=KEY, thread=None)
    assert "secret" not in str(caught.value)
    return caught.value


def http_channel(kind: str, server: HTTPServer) -> Channel:
    if kind == "slack":
        return SlackChannel("s", slack_settings(server))
    url = SecretStr(server.url_for("/services/secret"))
    return SlackWebhookChannel("h", SlackWebhookSettings(type="slack-webhook", url=url, timeout=30))
