"""Gets the house ready for a command: settings loaded, and a founded installation where one is
needed."""

import os
import stat
from pathlib import Path

from amparo.foundation.config import config
from amparo.foundation.errors import Unavailable

SETTINGS = "amparo.settings"


def data_folder() -> Path:
    """Where everything lies; known before the configuration in it can be read."""
    return Path(os.environ.get("AMPARO_DATA", "var")).absolute()


def keys_file() -> Path:
    """Where the server's keys lie; looked at without loading any cryptography."""
    return config().data / "server.keys"


def settings_file() -> Path:
    """The configuration of this process."""
    return Path(os.environ.get("AMPARO_CONFIG", config().data / "amparo.toml"))


def set_up() -> None:
    """Load the settings and the rooms. Costs half a second, so commands do it as late as they can."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    django.setup(set_prefix=False)


def need_founded() -> None:
    """Unavailable unless `amparo init` has been here."""
    if not keys_file().is_file():
        raise Unavailable(
            f"there is no installation in {config().data}: run `amparo init`, or set AMPARO_DATA"
        )


def open_house() -> None:
    """For commands that need an installation: it is there, its tables are those of this version."""
    need_founded()
    set_up()
    need_tables()


def need_tables() -> None:
    """Unavailable when a database lacks tables of this version."""
    from amparo.foundation import tables

    behind = [name for name in tables.DATABASES if tables.unapplied(name)]
    if behind:
        raise Unavailable(
            "the tables are of another version: stop Amparo, take a copy, run `amparo manage migrate`"
        )


def readable_by_others(path: Path) -> bool:
    """Whether other users of the machine may look into a file or folder."""
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def need_closed_keys() -> None:
    """Unavailable when others may read the server's keys."""
    if readable_by_others(keys_file()):
        raise Unavailable(
            f"others on this machine can read {keys_file()}: run `chmod 600 {keys_file()}`, and if "
            "they may have done so, move to a fresh installation"
        )
