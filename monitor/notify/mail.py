"""E-mail through an SMTP server: text and HTML, one stable Message-ID per key, so that a repeat is recognised."""

from __future__ import annotations

import contextlib
import hashlib
import smtplib
import ssl
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from monitor.config import MailSettings
from monitor.core.errors import DeliveryError
from monitor.notify.channels import Receipt
from monitor.notify.letter import letter
from monitor.notify.message import Message
from monitor.notify.text import whole
from monitor.notify.words import clean


class MailChannel:
    """Sends to every recipient in one transaction. Receipts are Message-IDs; a thread is a References header."""

    pace = 0.0

    def __init__(self, name: str, settings: MailSettings) -> None:
        self.name = name
        self._settings = settings

    def send(self, message: Message, *, key: str, thread: str | None) -> Receipt:
        """Connect, log in, send, leave. Recipients refused while others were not are named in the receipt."""
        mail = self._mail(message, key, thread)
        server: smtplib.SMTP | None = None
        begun = False
        try:
            server = self._connect()
            begun = True
            refused = server.send_message(mail)
        except (smtplib.SMTPException, MessageError, OSError, ValueError) as error:
            raise _refusal(error, begun=begun) from None
        finally:
            if server is not None:
                with contextlib.suppress(smtplib.SMTPException, OSError):
                    server.quit()
        return Receipt(str(mail["Message-ID"]), f"refused for {', '.join(refused)}" if refused else "")

    def _mail(self, message: Message, key: str, thread: str | None) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"] = clean(message.title, 200)
        mail["From"] = self._settings.sender
        mail["To"] = ", ".join(self._settings.recipients)
        mail["Date"] = format_datetime(message.at)
        mail["Message-ID"] = self._identity(key)
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Holdings-Monitor-Key"] = clean(key, 100)
        if thread:
            mail["In-Reply-To"] = mail["References"] = clean(thread, 200)
        mail.set_content(whole(message))
        mail.add_alternative(letter(message), subtype="html")
        return mail

    def _identity(self, key: str) -> str:
        domain = parseaddr(self._settings.sender)[1].partition("@")[2] or "localhost"
        return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}>"

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        context = ssl.create_default_context(cafile=settings.ca_file) if settings.security != "none" else None
        if settings.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                settings.host, settings.port, timeout=settings.timeout, context=context
            )
        else:
            server = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout)
        try:
            if settings.security == "starttls":
                server.starttls(context=context)
            if settings.user and settings.password:
                server.login(settings.user, settings.password.get_secret_value())
        except (smtplib.SMTPException, OSError):
            server.close()
            raise
        return server


def _refusal(error: Exception, *, begun: bool) -> DeliveryError:
    """What the failure means; after the transaction began, a lost connection may hide a delivered mail."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            codes = [code for code, _ in error.recipients.values()]
            text = f"e-mail: every recipient refused ({', '.join(str(code) for code in sorted(set(codes)))})"
            return DeliveryError(text, permanent=all(code >= 500 for code in codes))
        case smtplib.SMTPResponseException():
            answer = error.smtp_error
            words = clean(answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer), 120)
            return DeliveryError(f"e-mail: {error.smtp_code} {words}", permanent=error.smtp_code >= 500)
        case smtplib.SMTPNotSupportedError():
            return DeliveryError(f"e-mail: {error}", permanent=True)
        case smtplib.SMTPException() | OSError():
            words = "timed out" if isinstance(error, TimeoutError) else type(error).__name__
            return DeliveryError(f"e-mail: connection failed ({words})", permanent=False, ambiguous=begun)
        case _:
            return DeliveryError(f"e-mail: cannot be written ({type(error).__name__})", permanent=True)
