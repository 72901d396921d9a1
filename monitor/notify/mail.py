"""E-mail through an SMTP server: text and HTML, one stable Message-ID per key, so that a repeat is recognised.

Where charts are wanted and can be drawn, the HTML shows one: a part of the mail, nothing remote.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Collection, Mapping, Sequence
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses, parseaddr
from typing import Any

from monitor.config import MailSettings
from monitor.config.hidden import masked
from monitor.core.errors import DeliveryError
from monitor.notify import painter as painting
from monitor.notify.channels import Receipt, references
from monitor.notify.chart import chart_of
from monitor.notify.handing import last_chance
from monitor.notify.letter import letter
from monitor.notify.message import Message
from monitor.notify.painter import Painter
from monitor.notify.text import whole
from monitor.notify.words import clean

IDENTITY = re.compile(r"<[^<>\s]{1,200}>")
MOST_REFERENCES = 20  # beside the first: headers have limits, threads need the root and the newest


class _Line:
    """The connection to a server, watched: when its time is up it is cut, however slowly answers trickle in.

    `begun`: the server asked for the text of the mail, so that it may have got it.
    """

    def __init__(self) -> None:
        self.begun = False
        self.late = False
        self._server: smtplib.SMTP | None = None

    def replied(self, code: int) -> None:
        """The server said something."""
        self.begun = self.begun or code == 354

    def opened(self, server: smtplib.SMTP) -> None:
        """There is a connection now."""
        self._server = server

    def cut(self) -> None:
        """Ends the connection; whoever waits for an answer hears that at once."""
        self.late = True
        sock = getattr(self._server, "sock", None)
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


def _watched(base: type[smtplib.SMTP], line: _Line) -> Any:
    """A kind of connection that tells `line` what happens on it."""

    class Watched(base):  # type: ignore[misc,valid-type]
        def getreply(self) -> tuple[int, bytes]:
            line.opened(self)
            code, text = super().getreply() if not line.late else (-1, b"")
            if line.late:
                raise TimeoutError
            if not 200 <= code < 600:  # an answer that ended in the middle of its number is none
                self.close()
                raise smtplib.SMTPServerDisconnected("the answer was cut short")
            line.replied(code)
            return code, text

        def data(self, msg: Any) -> tuple[int, bytes]:
            last_chance()
            return super().data(msg)  # type: ignore[no-any-return]

    return Watched


class MailChannel:
    """Sends to every recipient in one transaction. Receipts are Message-IDs; a thread is a References header."""

    pace = 0.0

    def __init__(self, name: str, settings: MailSettings, *, painter: Painter | None = None) -> None:
        self.name = name
        self.painter = (painter or Painter()) if settings.charts else None
        self.patience = settings.timeout + 10 + (painting.SECONDS if settings.charts else 0)
        self._settings = settings

    def send(self, message: Message, *, key: str, thread: str | None) -> Receipt:
        """Connect, log in, send, leave. Who was refused for good while others were not is named in the receipt."""
        return self.send_rest(message, key=key, thread=thread, reached=())

    def send_rest(self, message: Message, *, key: str, thread: str | None, reached: Collection[str]) -> Receipt:
        """To the recipients who were not reached yet: the same mail, naming all of them."""
        mail = self._mail(message, key, thread)
        rest = [one for _, one in getaddresses(self._settings.recipients) if one not in reached]
        refused = self._send(mail, rest, others=bool(reached))
        later = [who for who, (code, _) in refused.items() if code < 500]
        if later:
            had = tuple(sorted({*reached, *rest} - refused.keys()))
            raise DeliveryError(f"e-mail: {_partly(refused)}", permanent=False, reached=had)
        return Receipt(str(mail["Message-ID"]), _partly(refused))

    def _send(self, mail: EmailMessage, rest: Sequence[str], *, others: bool) -> Mapping[str, tuple[int, bytes]]:
        """Who of `rest` was refused, when others were not; `others` have it from before."""
        line, server, refused = _Line(), None, {}
        watch = threading.Timer(self._settings.timeout + 5, line.cut)
        watch.daemon = True
        watch.start()
        try:
            server = self._connect(line)
            refused = server.send_message(mail, to_addrs=rest)
        except (smtplib.SMTPException, MessageError, OSError, ValueError) as error:
            if others and isinstance(error, smtplib.SMTPRecipientsRefused):
                return error.recipients
            raise _refusal(error, line, self._settings) from None
        finally:
            if server is not None:
                with contextlib.suppress(smtplib.SMTPException, OSError):
                    server.quit()
                server.close()
            watch.cancel()
        return refused

    def _mail(self, message: Message, key: str, thread: str | None) -> EmailMessage:
        settings, address = self._settings, parseaddr(self._settings.sender)[1]
        domain = address.partition("@")[2] or "localhost"
        identity = f"{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}"
        mail = EmailMessage()
        mail["Subject"] = clean(message.title, 200)
        mail["From"] = settings.sender
        mail["To"] = ", ".join(settings.recipients)
        mail["Date"] = format_datetime(message.at)
        mail["Message-ID"] = f"<{identity}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail["List-Id"] = f"holdings-monitor {self.name} <{self.name}.holdings-monitor.{domain}>"
        mail["List-Unsubscribe"] = f"<{settings.unsubscribe or f'mailto:{address}?subject=unsubscribe'}>"
        mail["X-Holdings-Monitor-Key"] = clean(key, 100)
        if earlier := [one for one in references(thread) if IDENTITY.fullmatch(one)]:
            mail["In-Reply-To"] = earlier[-1]
            mail["References"] = " ".join([earlier[0], *earlier[1:][-MOST_REFERENCES:]])
        mail.set_content(whole(message))
        self._add_letter(mail, message, f"chart.{identity}")
        return mail

    def _add_letter(self, mail: EmailMessage, message: Message, cid: str) -> None:
        """The HTML, with the picture it shows beside it where there is one."""
        chart = chart_of(message) if self.painter is not None else None
        picture = self.painter.paint(chart) if self.painter is not None and chart is not None else None
        if picture is None:
            mail.add_alternative(letter(message), subtype="html")
            return
        mail.add_alternative(letter(message, f"cid:{cid}"), subtype="html")
        html = mail.get_payload(1)
        assert isinstance(html, EmailMessage)
        html.add_related(picture, "image", "png", cid=f"<{cid}>", disposition="inline", filename="chart.png")
        html.set_param("type", "text/html")  # what the related parts belong to (RFC 2387)

    def _connect(self, line: _Line) -> smtplib.SMTP:
        settings = self._settings
        context = ssl.create_default_context(cafile=settings.ca_file) if settings.security != "none" else None
        more = {"context": context} if settings.security == "tls" else {}
        kind = _watched(smtplib.SMTP_SSL if settings.security == "tls" else smtplib.SMTP, line)
        server: smtplib.SMTP = kind(settings.host, settings.port, timeout=settings.timeout, **more)
        try:
            if settings.security == "starttls":
                server.starttls(context=context)
            if settings.user and settings.password:
                server.login(settings.user, settings.password.get_secret_value())
        except (smtplib.SMTPException, OSError):
            server.close()
            raise
        return server


def _partly(refused: Mapping[str, tuple[int, bytes]]) -> str:
    """Who did not get it although others did, with the server's number."""
    named = [f"{clean(who, 100)} ({code})" for who, (code, _) in refused.items()]
    return f"refused for {', '.join(named)}" if named else ""


def _refusal(error: Exception, line: _Line, settings: MailSettings) -> DeliveryError:
    """What the failure means; after the text of the mail was asked for, a lost connection may hide a delivered mail."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            codes = [code for code, _ in error.recipients.values()]
            text = f"e-mail: every recipient refused ({', '.join(str(code) for code in sorted(set(codes)))})"
            gone = all(code >= 500 for code in codes)
            return DeliveryError(text, permanent=gone, destination=gone)
        case smtplib.SMTPResponseException():
            answer = error.smtp_error
            said = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)
            words = clean(masked(settings, said), 120)  # some servers repeat the password they refuse
            gone, text = error.smtp_code >= 500, f"e-mail: {error.smtp_code} {words}"
            # Who refuses the text may take the next one; who refuses the sender or the password takes none.
            return DeliveryError(
                text, permanent=gone, destination=gone and not isinstance(error, smtplib.SMTPDataError)
            )
        case smtplib.SMTPNotSupportedError():
            return DeliveryError(f"e-mail: {error}", permanent=True, destination=True)
        case smtplib.SMTPException() | OSError():
            words = "timed out" if line.late or isinstance(error, TimeoutError) else type(error).__name__
            return DeliveryError(f"e-mail: connection failed ({words})", permanent=False, ambiguous=line.begun)
        case _:
            return DeliveryError(f"e-mail: cannot be written ({type(error).__name__})", permanent=True)
