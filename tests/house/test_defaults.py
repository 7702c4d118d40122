"""What is shipped is the strong setting; what tests turn down is not what people get."""

from pathlib import Path

from django.conf import settings

from amparo.foundation.config import Config, read
from amparo.settings import database
from amparo.vault import keys

MIB_OF_ARGON2 = 256


def test_passphrases_cost_what_they_should_unless_somebody_says_otherwise():
    assert read({}).hash_level == "a1"
    passes, _, kibibytes = keys.LEVELS["a1"]
    assert kibibytes >= MIB_OF_ARGON2 * 1024
    assert passes >= 3


def test_the_tests_themselves_use_the_cheap_one():
    """Otherwise a suite that nobody waits for. The proofs do not turn it down."""
    from amparo.foundation.config import config

    assert config().hash_level == "a0"


def test_a_fresh_installation_listens_to_itself_only():
    assert Config().host == "127.0.0.1"
    assert not Config().sample


def test_sqlite_flushes_wipes_and_takes_one_writer_at_a_time():
    options = database("", "data.sqlite3")["OPTIONS"]
    assert options["transaction_mode"] == "IMMEDIATE"
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
        assert pragma in options["init_command"]


def test_the_two_databases_are_two():
    names = {settings.DATABASES[alias]["NAME"] for alias in ("default", "keystore")}
    assert len(names) == 2
    assert settings.DATABASE_ROUTERS == ["amparo.foundation.router.Router"]


def test_no_upload_handler_comes_before_the_one_that_seals():
    assert settings.FILE_UPLOAD_HANDLERS == ["amparo.web.uploads.SealingHandler"]
    assert Path(settings.FILE_UPLOAD_TEMP_DIR or "").parts == ()


def test_nothing_of_djangos_is_installed_that_keeps_readable_rows():
    ours = {app for app in settings.INSTALLED_APPS if app.startswith("amparo.")}
    theirs = set(settings.INSTALLED_APPS) - ours
    assert theirs <= {"django.contrib.staticfiles", "django_tasks_db", "django_tasks"}
    assert not settings.DEBUG
