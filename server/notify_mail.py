"""A message by mail (SMTP, RFC 5321): plain text, one connection for each. It waits: call it in a thread."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from hashlib import sha256

from server.notify_outcome import AgainError, RefusedError
from server.notify_text import Frame, message
from server.values import utc
from twin.config_notify import ChannelEntry
from twin.notify.spool import Notice

TIMEOUT_S = 15.0
PORTS = {"starttls": 587, "tls": 465, "none": 25}
SUBJECT = 180


def send_mail(channel: ChannelEntry, notices: Sequence[Notice], frame: Frame, now: float) -> None:
    """Hand one message over to the mail server. RefusedError, AgainError, SecretError."""
    letter = letter_of(channel, notices, frame, now)
    try:
        with _connected(channel) as server:
            if channel.user is not None and channel.password is not None:
                server.login(channel.user, channel.password.reveal())
            refused = server.send_message(letter)
    except smtplib.SMTPAuthenticationError as error:
        raise AgainError(f"the mail server refuses user and password ({error.smtp_code})", 600.0) from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        _answered(max(codes, default=550), "every recipient")
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError, smtplib.SMTPHeloError) as error:
        _answered(error.smtp_code, "the message")
    except smtplib.SMTPNotSupportedError:
        raise RefusedError("the mail server does not offer what 'security' asks for: set it to tls or none") from None
    except ssl.SSLError as error:
        raise AgainError(
            f"no safe connection to the mail server: {error.reason or type(error).__name__}", 300.0
        ) from None
    except (smtplib.SMTPException, OSError) as error:
        raise AgainError(f"the mail server cannot be reached ({type(error).__name__})") from None
    else:
        if refused:
            raise RefusedError(
                f"the mail server refused {len(refused)} of {len(channel.to)} recipients; the others have it"
            )


def _answered(code: int, what: str) -> None:
    if 400 <= code < 500:
        raise AgainError(f"the mail server puts {what} off ({code})")
    raise RefusedError(f"the mail server refuses {what} ({code})")


def _connected(channel: ChannelEntry) -> smtplib.SMTP:
    host, security = channel.host or "", channel.security or "starttls"
    port = channel.port or PORTS[security]
    if security == "tls":
        return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=ssl.create_default_context())
    server = smtplib.SMTP(host, port, timeout=TIMEOUT_S)
    try:
        if security == "starttls":
            server.starttls(context=ssl.create_default_context())
    except BaseException:
        server.close()
        raise
    return server


def letter_of(channel: ChannelEntry, notices: Sequence[Notice], frame: Frame, now: float) -> EmailMessage:
    """The message as it is sent. What is over answers the mail that told its beginning, so that both stand together."""
    told = message(notices, channel, frame, now, "plain")
    sender = channel.sender or ""
    domain = sender.rpartition("@")[2]
    letter = EmailMessage(policy=SMTP)
    letter["From"] = Address(addr_spec=sender, display_name="Campus Twin")
    letter["To"] = [Address(addr_spec=each) for each in channel.to]
    letter["Subject"] = " ".join(told.title.split())[:SUBJECT]
    letter["Date"] = format_datetime(utc(now))
    letter["Auto-Submitted"] = "auto-generated"
    letter["Message-ID"] = make_msgid(domain=domain)
    if len(notices) == 1 and notices[0].matter.id:
        matter = notices[0].matter
        thread = f"<{sha256(f'{matter.id} {matter.since}'.encode()).hexdigest()[:32]}@{domain}>"
        if notices[0].kind == "raised":
            letter.replace_header("Message-ID", thread)
        else:
            letter["In-Reply-To"] = thread
            letter["References"] = thread
    if len(notices) == 1 and notices[0].matter.priority == 1 and notices[0].kind in ("raised", "escalated"):
        letter["Importance"] = "high"
    letter.set_content(f"{told.title}\n\n{told.body}\n")
    return letter
