"""The five ways in which a deed can fail; each door maps each of them once."""


class AmparoError(Exception):
    """What a service or query raises; the text never holds anything about a person."""


class Refused(AmparoError):
    """The gate said no. Outside it looks exactly like NotFound."""


class CannotOpen(Refused):
    """Wrong key, wrong context or altered data: it never says which."""


class NotFound(AmparoError):
    """There is no such thing, or none that this actor may know of."""


class Invalid(AmparoError):
    """What was given cannot be used; `fields` maps a field to a code of what is wrong with it."""

    def __init__(self, message: str = "", fields: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = fields or {}


class Conflict(AmparoError):
    """Somebody else was quicker, or this was done before."""


class Unavailable(AmparoError):
    """It cannot be done now (disk nearly full, locked down, a service away); later it may."""
