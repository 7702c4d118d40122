"""Mail, through the one server of the configuration."""

import smtplib
from email.message import EmailMessage

from amparo.foundation.config import config
from amparo.messages import rules
from amparo.messages.channels import console
from amparo.messages.channels.kinds import Channel

# Seconds for one step of the conversation. Longer than others are given: a server that thinks about a
# recipient would otherwise never take a mail, and for many people mail is the only way.
TIMEOUT = 10


def reaches() -> bool:
    """The sample's mail goes nowhere and counts, so that its alarms can be looked at."""
    return bool(config().smtp_host) or config().sample


def send(address: str, text: str, idem: str) -> None:
    """Hand it to the server. The same notice tried twice carries the same Message-ID, so that a server
    may drop the second."""
    settings = config()
    if not settings.smtp_host:
        console.send(address, text, idem)
        return
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = settings.mail_from, address, rules.SUBJECT
    mail["Message-ID"] = f"<{idem}@{settings.mail_from.rpartition('@')[2]}>"
    mail.set_content(text)
    with smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=TIMEOUT) as server:
        if settings.smtp_tls:
            server.starttls()
        if settings.smtp_user:
            server.login(settings.smtp_user, settings.smtp_password)
        server.send_message(mail)


CHANNEL = Channel("mail", reaches, send, once=True)
