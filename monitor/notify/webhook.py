"""Any web service that takes JSON: one signed POST per message, by the rules of Standard Webhooks.

The receiver tells repeats by `webhook-id`, which is the key of the message. Redirects are not followed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Callable

import requests
import urllib3

from monitor.config import WebhookSettings
from monitor.config.addresses import Resolver, is_loopback, system_resolver
from monitor.core.errors import DeliveryError
from monitor.notify.answers import check_place, lost, retry_after
from monitor.notify.channels import Receipt
from monitor.notify.handing import last_chance
from monitor.notify.message import Message
from monitor.notify.wire import as_document

TEMPORARY = frozenset({408, 425, 429})
THIS_MESSAGE = frozenset({400, 413, 415, 422})  # another message may be taken
PREFIX = "whsec_"


class WebhookChannel:
    """Posts to the address of the settings, which is a secret and never part of an error.

    `clock` gives seconds since 1970 for the signature; `resolve` the addresses of a name.
    """

    pace = 0.0

    def __init__(
        self,
        name: str,
        settings: WebhookSettings,
        *,
        clock: Callable[[], float] = time.time,
        resolve: Resolver = system_resolver,
    ) -> None:
        self.name = name
        self.patience = settings.timeout + 10
        self._url = settings.url.get_secret_value() if settings.url else ""
        self._secret = _key(settings.secret.get_secret_value()) if settings.secret else None
        self._timeout = settings.timeout
        self._clock = clock
        self._resolve = resolve

    def send(self, message: Message, *, key: str, thread: str | None) -> Receipt:
        """One POST of `{"key", "title", …the message, "sparkline"}`."""
        body = json.dumps(as_document(message, key), ensure_ascii=False).encode()
        check_place("webhook", self._url, self._resolve)
        last_chance()
        direct = {"http": "", "https": ""} if is_loopback(self._url) else None
        try:
            with requests.Session() as session:
                answer = session.post(
                    self._url,
                    data=body,
                    headers=self._headers(key, body),
                    timeout=self._timeout,
                    allow_redirects=False,
                    stream=True,
                    proxies=direct,
                    auth=_nobody,
                )
                answer.close()  # the status says it all; a body could trickle for ever
        except (requests.RequestException, OSError, ValueError) as error:
            raise _lost(error) from None
        if not 200 <= answer.status_code < 300:
            raise _refusal(answer)
        return Receipt(key.replace(" ", "_"))

    def _headers(self, key: str, body: bytes) -> dict[str, str]:
        named = key.encode("ascii", "replace").decode()
        at = str(int(self._clock()))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "holdings-monitor",
            "webhook-id": named,
            "webhook-timestamp": at,
        }
        if self._secret is not None:
            headers["webhook-signature"] = sign(self._secret, named, at, body)
        return headers


def sign(secret: bytes, key: str, at: str, body: bytes) -> str:
    """`v1,` and the HMAC of `id.timestamp.body`."""
    mac = hmac.new(secret, f"{key}.{at}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(mac.digest()).decode()}"


def _key(secret: str) -> bytes:
    """`whsec_` and base64 as services give it, else the text itself."""
    if secret.startswith(PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            pass
    return secret.encode()


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """No credentials: those of a .netrc file were meant for somebody else."""
    return request


def _lost(error: Exception) -> DeliveryError:
    """A connection that was certainly never made cannot have carried anything."""
    if isinstance(error, requests.exceptions.SSLError):
        return DeliveryError("webhook: no secure connection", permanent=False)
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return DeliveryError("webhook: connection failed (timed out)", permanent=False)
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        return DeliveryError("webhook: connection failed (refused)", permanent=False)
    if isinstance(error, requests.Timeout):
        return lost("webhook", TimeoutError())
    return lost("webhook", error)


def _refusal(answer: requests.Response) -> DeliveryError:
    status = answer.status_code
    text = f"webhook: HTTP {status}"
    if status in TEMPORARY or status >= 500:
        wait = retry_after(answer.headers)
        return DeliveryError(text, permanent=False, retry_after=wait, ambiguous=status == 408 or status >= 500)
    return DeliveryError(text, permanent=True, destination=status not in THIS_MESSAGE)
