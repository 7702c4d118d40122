"""Django's settings, made from the administrator's options; there is no other fork of them."""

import os
from pathlib import Path
from typing import Any

from amparo.foundation.config import config

CONFIG = config()
HERE = Path(__file__).parent


def database(url: str, name: str) -> dict[str, Any]:
    """SQLite in the data folder, or what a postgresql:// address says."""
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": CONFIG.data / name,
            "OPTIONS": {
                # Without IMMEDIATE a fifth of parallel writers fail; without FULL a power cut loses
                # an acknowledged call; secure_delete wipes what is deleted; what SQLite would
                # spill into a temp folder stays in memory.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
                "PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY;",
            },
            "CONN_MAX_AGE": None,
        }
    from psycopg.conninfo import conninfo_to_dict

    from amparo.foundation.engines import PROMPT

    # Whatever else the address says goes to the driver: sslmode, or several hosts of which the one
    # that may be written to is taken.
    given: dict[str, Any] = dict(conninfo_to_dict(url))
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host"}
    found = {ours: str(given.pop(theirs, "") or "") for ours, theirs in names.items()}
    return found | {
        "ENGINE": "django.db.backends.postgresql",
        "PORT": str(given.pop("port", "") or ""),
        # A connection is looked at before it is used: after a switch of servers none of them works.
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": PROMPT
        | given
        | {"pool": {"min_size": 1, "max_size": 8, "timeout": 20, "reconnect_timeout": 5}},
    }


DATABASES = {
    "default": database(CONFIG.database_url, "data.sqlite3"),
    "keystore": database(CONFIG.keystore_url, "keys.sqlite3"),
}
DATABASE_ROUTERS = ["amparo.foundation.router.Router"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "amparo.foundation.apps.Foundation",
    "amparo.vault.apps.Vault",
    "amparo.consent.apps.Consent",
    "amparo.messages.apps.Messages",
    "amparo.people.apps.People",
    "amparo.alerts.apps.Alerts",
    "amparo.casework.apps.Casework",
    "amparo.web.apps.Web",
    "amparo.engine.apps.Engine",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "amparo.web.middleware.Headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "amparo.web.middleware.Language",
    "django.middleware.common.CommonMiddleware",
    "amparo.web.middleware.Unit",
    "django.middleware.csrf.CsrfViewMiddleware",
]
ROOT_URLCONF = "amparo.web.urls"
WSGI_APPLICATION = "amparo.web.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "web" / "templates"],
        "OPTIONS": {
            "context_processors": ["amparo.web.context.everywhere"],
            "builtins": ["amparo.web.tags", "django.templatetags.i18n"],
        },
    }
]

DEBUG = False
# Nothing of Django's is signed with this: sessions, links and form tokens are the vault's. A
# process-wide random value keeps whatever might use it from relying on a stored one.
SECRET_KEY = os.urandom(32).hex()
ALLOWED_HOSTS = list(CONFIG.sites)
APPEND_SLASH = False
USE_X_FORWARDED_HOST = False

# Nothing readable reaches disk: the only upload handler seals, and small fields stay in memory.
FILE_UPLOAD_HANDLERS = ["amparo.web.uploads.SealingHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 300
DATA_UPLOAD_MAX_NUMBER_FILES = 21  # one more than the handler takes: it says so in words

CSRF_COOKIE_NAME = "__Host-c" if CONFIG.secure else "c"
CSRF_COOKIE_SECURE = CONFIG.secure
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_AGE = None
CSRF_FAILURE_VIEW = "amparo.web.errors.csrf"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if CONFIG.secure else None

STATIC_URL = "/s/"
STATIC_ROOT = HERE / "web" / "static"
STATICFILES_DIRS: list[Path] = []
WHITENOISE_USE_FINDERS = False
WHITENOISE_MAX_AGE = 3600
WHITENOISE_ALLOW_ALL_ORIGINS = False  # nothing of ours is for other sites
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

LANGUAGE_CODE = "en"
LANGUAGES = [
    one
    for one in (("en", "English"), ("es", "Español"), ("fr", "Français"), ("ar", "العربية"))
    if one[0] in CONFIG.languages
]
LOCALE_PATHS = [HERE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# Logs: one line for each event of the program itself, scrubbed; none for a request.
LOGGING_CONFIG = "amparo.foundation.logs.configure"
LOGGING: dict[str, Any] = {}
