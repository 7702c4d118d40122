"""Units for systemd and samples for a proxy and an onion service, filled in for an installation."""

import shutil
import sys
from importlib import resources
from pathlib import Path

from amparo.cli import process
from amparo.foundation.config import MIB, Config

ONE = ("amparo.service", "nginx.conf", "torrc")
SEVERAL = ("amparo-web.service", "amparo-engine.service", "nginx.conf", "torrc")
USER = "amparo"


def program() -> str:
    """Where the command lies, as a unit must name it."""
    beside = Path(sys.executable).with_name("amparo")
    return str(beside) if beside.exists() else (shutil.which("amparo") or "amparo")


def _names(settings: Config) -> tuple[str, ...]:
    return SEVERAL if settings.database_url else ONE


def services(settings: Config) -> str:
    """The units of this installation, as systemctl takes them."""
    units = [name for name in _names(settings) if name.endswith(".service")]
    return " ".join(name.removesuffix(".service") for name in units)


def _user(folder: Path) -> str:
    """Whose folder it is; a folder of root's waits for a user of its own."""
    owner = folder.stat().st_uid if folder.is_dir() else 0
    return process.name_of(owner) if owner else USER


def filled(settings: Config) -> dict[str, str]:
    """File name -> text, for this configuration."""
    values = {
        "USER": _user(settings.data),
        "DATA": str(settings.data),
        "AMPARO": program(),
        "SITES": " ".join(settings.sites),
        "SITE": settings.sites[0],
        # A little more than the files themselves, for the fields beside them.
        "LIMIT": str(settings.page_upload_limit // MIB + 2),
        "UPSTREAM": f"{settings.host}:{settings.port}",
    }
    found = {}
    for name in _names(settings):
        text = resources.files("amparo.cli").joinpath("deploy", name).read_text("utf-8")
        for key, value in values.items():
            text = text.replace(f"@{key}@", value)
        found[name] = text
    return found
