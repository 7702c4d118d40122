"""The channels: mail through one configured server, short messages through gateways, or the console."""

import smtplib
import sys
from email.message import EmailMessage

from amparo.foundation.config import config
from amparo.foundation.errors import Invalid
from amparo.messages import gateways, rules

TIMEOUT = 20  # seconds


def reaches(channel: str) -> bool:
    """Whether anything can leave by a channel as this house is set up. The sample's mail goes nowhere
    and counts, so that its alarms can be looked at."""
    if channel == "sms":
        try:
            return bool(gateways.load())
        except Invalid:
            return False
    return bool(config().smtp_host) or config().sample


def send(channel: str, address: str, idem: str, *, text: str = rules.TEXT) -> None:
    """Hand one notice over; any exception means that it was not taken."""
    if channel == "sms":
        gateways.send(address, text, idem)
    elif channel == "mail" and config().smtp_host:
        _mail(address, idem, text)
    else:
        # Without a mail server nothing of the address is shown either.
        sys.stderr.write(f"notice: {rules.SUBJECT}\n")


def _mail(address: str, idem: str, text: str) -> None:
    settings = config()
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = settings.mail_from, address, rules.SUBJECT
    # The same notice tried twice carries the same id, so that a server may drop the second.
    mail["Message-ID"] = f"<{idem}@{settings.mail_from.rpartition('@')[2]}>"
    mail.set_content(text)
    with smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=TIMEOUT) as server:
        if settings.smtp_tls:
            server.starttls()
        if settings.smtp_user:
            server.login(settings.smtp_user, settings.smtp_password)
        server.send_message(mail)
