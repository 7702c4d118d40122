"""Which of the two databases a table lives in: keys apart from data, so that a backup of the one
cannot undo the destruction of the other."""

from typing import Any

KEYSTORE = "keystore"
DATA = "default"


def home(model: Any) -> str:
    """The alias of the database that holds the rows of `model`."""
    return KEYSTORE if getattr(model, "keystore", False) else DATA


class Router:
    """Django's hooks. Nothing is ever related, read or migrated across the two."""

    def db_for_read(self, model: Any, **_: Any) -> str:
        """Where rows are read."""
        return home(model)

    db_for_write = db_for_read

    def allow_relation(self, one: Any, other: Any, **_: Any) -> bool:
        """Only within one database."""
        return home(type(one)) == home(type(other))

    def allow_migrate(
        self, db: str, app_label: str, model_name: str | None = None, **_: Any
    ) -> bool | None:
        """Each table is made in its own database only."""
        if model_name is None:
            return None
        from django.apps import apps

        # The hinted model is a historical one, without our mark; the present one has it.
        return home(apps.get_model(app_label, model_name)) == db
