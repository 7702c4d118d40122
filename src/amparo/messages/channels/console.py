"""The console of whoever runs the program: for a look without any carrier."""

import sys

from amparo.messages import rules
from amparo.messages.channels.kinds import Channel


def send(_address: str, _text: str, _idem: str) -> None:
    """Say that there is a notice; nothing of the address is shown."""
    sys.stderr.write(f"notice: {rules.SUBJECT}\n")


CHANNEL = Channel("console", lambda: True, send, once=False, tried=True)
