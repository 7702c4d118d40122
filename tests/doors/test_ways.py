"""How staff are told: the pages of their ways, the page that ends a trial, the shell's own commands."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from amparo.messages import channels, trial
from amparo.messages.channels import settings
from amparo.messages.channels.fakes import Carriers, carriers
from amparo.messages.models import Route, Trial
from amparo.web.plans import way_of, written
from tests import make
from tests.doors.desk_house import busy, client
from tests.doors.shell import AMPARO, ANSWERS, Shell, copied, environment, found
from tests.doors.test_plans import TYPED, Notes, only

NUMBER = "+525512345678"


@pytest.fixture
def here() -> Iterator[Carriers]:
    channels.forget()
    with carriers() as one:
        settings.file().write_text(one.toml())
        settings._read.cache_clear()
        yield one
    settings.file().unlink(missing_ok=True)
    settings._read.cache_clear()
    channels.forget()


def test_somebody_sets_tries_and_takes_away_a_way(house: make.House, here: Carriers) -> None:
    ines = client(house.ines)
    page = ines.get("/desk/settings/notices").content.decode()
    assert "You have set none." in page and "Signal sees who gets it" in page
    wrong = ines.post("/desk/settings/notices/signal", {"address": "rosa"})
    assert wrong.status_code == 422 and "neither a number" in wrong.content.decode()
    assert 'value="rosa"' in wrong.content.decode() and not Route.objects.exists()
    done = ines.post("/desk/settings/notices/signal", {"address": "+52 55 1234-5678", "hours": ""})
    assert done.status_code == 302
    page = ines.get("/desk/settings/notices").content.decode()
    assert NUMBER in page and "Send me a note now" in page
    assert ines.post("/desk/settings/notices/try/signal").status_code == 302
    assert [one.to for one in here.taken] == [NUMBER]
    here.day = "captcha"
    failed = ines.post("/desk/settings/notices/try/signal")
    assert failed.status_code == 502 and "wants to see a person" in failed.content.decode()
    assert ines.post("/desk/settings/notices/away/signal").status_code == 302
    assert not Route.objects.exists()
    assert ines.post("/desk/settings/notices/away/signal").status_code == 404


def test_only_what_can_be_sent_is_offered(house: make.House) -> None:
    ines = client(house.ines)
    page = ines.get("/desk/settings/notices").content.decode()
    assert "/notices/mail" in page and "/notices/signal" not in page
    assert ines.get("/desk/settings/notices/signal").status_code == 404
    assert ines.get("/desk/settings/notices/console").status_code == 404


def test_a_browser_is_asked_by_its_own_page(house: make.House, here: Carriers) -> None:
    ines = client(house.ines)
    page = ines.get("/desk/settings/notices/webpush").content.decode()
    assert re.search(r'data-push="B[\w-]{86}"', page) and "This page needs scripts." in page
    assert ines.post("/desk/settings/notices/webpush", {"address": ""}).status_code == 422
    given = here.subscription().replace("http:", "https:")
    done = ines.post("/desk/settings/notices/webpush", {"address": given})
    assert done.status_code == 302
    assert given not in ines.get("/desk/settings/notices").content.decode()


def test_coordination_ends_the_trial_when_a_press_was_answered(house: make.House) -> None:
    Trial.objects.all().delete()
    ines, lena = client(house.ines), client(_hired(house))
    page = ines.get("/desk/queue").content.decode()
    assert "A press tells those on duty, and nobody outside." in page
    assert (
        lena.get("/desk/trial").status_code == 404 and lena.post("/desk/trial").status_code == 404
    )
    page = ines.get("/desk/trial").content.decode()
    assert "stands here when a press was answered" in page
    early = ines.post("/desk/trial")
    assert early.status_code == 409 and "No press has been answered yet." in early.content.decode()
    assert trial.is_on()
    trial.note_answer()
    assert ">End the trial</button>" in ines.get("/desk/trial").content.decode()
    assert ines.post("/desk/trial").status_code == 302
    assert not trial.is_on()
    assert "nobody outside" not in ines.get("/desk/queue").content.decode()


def _hired(house: make.House) -> make.Officer:
    lena = house.hire("lena", "intake")
    lena.sign_in()
    return lena


@pytest.mark.parametrize(
    ("typed", "way"),
    [
        ("signal +52 55 1234-5678", ("signal", NUMBER)),
        ("Signal: rosa.42", ("signal", "rosa.42")),
        ("matrix !abc:example.org", ("matrix", "!abc:example.org")),
        ("!abc:example.org", ("matrix", "!abc:example.org")),
        ("ntfy dry-leaves-fall-softly-81", ("ntfy", "dry-leaves-fall-softly-81")),
        ("https://push.example/UP?t=1", ("push", "https://push.example/UP?t=1")),
        ("unifiedpush https://push.example/x", ("push", "https://push.example/x")),
        ("signal rosa", None),
        ("ntfy short", None),
        ("telegram @rosa", None),
        ("http://push.example/x", None),
    ],
)
def test_other_ways_are_read_as_they_are_typed_and_shown_so(typed: str, way: object) -> None:
    found = way_of(typed)
    assert found == way
    assert found is None or way_of(written(*found)) == found


def test_a_plan_names_what_others_see_and_stays_light(here: Carriers) -> None:
    made = busy()
    notes = Notes(made.case)
    six = {f"who{n}": "Somebody with a name" for n in range(1, 7)}
    page = notes.step(deed="more", **(TYPED | six | {"count": "6"}))
    assert 'name="who6"' in page and "Signal sees who gets it" in page
    assert "signal +52 55 1234 5678" in page and len(page.encode()) <= 20_000
    page = notes.step(
        deed="arm", **(TYPED | {"a1": "signal rosa.42", "b1": "", "a2": "ntfy short"})
    )
    assert notes.status == 422 and 'value="signal rosa.42"' in page
    notes.step(deed="arm", **(TYPED | {"a1": "signal rosa.42", "b1": "", "a2": f"ntfy {'a' * 20}"}))
    page = notes.step()
    assert "Signal may hold back a message to somebody new." in page
    assert "signal rosa.42" in page and f"ntfy {'a' * 20}" in page
    page = notes.step(deed="change", plan=str(only(made).id))
    assert 'value="signal rosa.42"' in page  # as it was typed, to be kept or changed


# --- the shell -----------------------------------------------------------------------------------
@pytest.fixture
def shell(tmp_path) -> Shell:
    return copied(tmp_path)[0]


def test_the_doctor_says_what_was_never_tried_and_what_does_not_answer(shell: Shell) -> None:
    with carriers() as one:
        file = shell.data / "channels.toml"
        file.write_text(one.toml())
        file.chmod(0o600)
        told = {row["check"]: row for row in shell.json("doctor")["checks"]}
        for channel in ("signal", "matrix", "ntfy", "push", "webpush", "webhook"):
            assert told[channel]["status"] == "OK"
            assert "have not tried it against a live server" in told[channel]["detail"]
        assert told["trial"]["status"] == "WARN" and one.taken == []
        one.day = "token"
        told = {row["check"]: row for row in shell.json("doctor")["checks"]}
        assert told["matrix"]["status"] == "FAIL" and "token" in told["matrix"]["mend"]
        assert "it does not know our token" in told["matrix"]["detail"]
        file.write_text("[pigeon]\n")
        told = {row["check"]: row for row in shell.json("doctor")["checks"]}
        assert told["channels"]["status"] == "FAIL" and "pigeon" in told["channels"]["detail"]


def test_a_sample_has_no_trial(tmp_path: Path) -> None:
    sample = found(tmp_path, f"sample = true\n{ANSWERS}")[0]
    told = {row["check"]: row for row in sample.json("doctor")["checks"]}
    assert told["trial"]["status"] == "OK"


def test_a_channel_is_tried_after_asking(shell: Shell) -> None:
    with carriers() as one:
        (shell.data / "channels.toml").write_text(one.toml())
        no = shell.run("channels", "test", "signal", NUMBER, typed="n\n")
        assert no.returncode == 1 and one.asked == 0
        yes = shell.run("channels", "test", "signal", NUMBER, "--yes", "--json")
        assert yes.returncode == 0 and json.loads(yes.stdout) == {"ok": True, "channel": "signal"}
        topic = shell.run("channels", "test", "ntfy", "-", "--yes", typed="a" * 20 + "\n")
        assert topic.returncode == 0
        assert [(taken.channel, taken.to) for taken in one.taken] == [
            ("signal", NUMBER), ("ntfy", "a" * 20),
        ]  # fmt: skip
        one.day = "captcha"
        failed = shell.run("channels", "test", "signal", NUMBER, "--yes", "--json")
        assert failed.returncode == 1 and json.loads(failed.stdout)["why"] == "captcha"
        assert NUMBER not in failed.stdout + failed.stderr
        for wrong in (("pigeon", "x"), ("signal", "rosa")):
            assert shell.run("channels", "test", *wrong, "--yes").returncode == 2
        hook = shell.run("channels", "test", "webhook", "rota", "--yes")
        assert hook.returncode == 2 and "stand-in" in hook.stderr and one.asked == 3
    listed = shell.json("channels", "list")["channels"]
    ready = {row["channel"] for row in listed if row["ready"]}
    assert {"signal", "matrix", "ntfy", "webhook"} <= ready and "mail" not in ready


def test_a_number_that_no_gateway_serves_is_said_to_be_that(shell: Shell) -> None:
    (shell.data / "gateways.toml").write_text(
        "[[gateway]]\nname = 'one'\nurl = 'http://127.0.0.1:9/'\nprivate = true\n"
        'body = \'{"to": "{to}", "text": "{text}"}\'\nheaders = { X = \'y\' }\nprefixes = [\'+52\']\n'
    )
    failed = shell.run("channels", "test", "sms", "+34600000000", "--yes")
    assert failed.returncode == 1 and "no gateway serves this number" in failed.stderr
    (shell.data / "gateways.toml").write_text("[[gateway]]\nname = 'one'\n")
    broken = shell.run("channels", "test", "sms", "+34600000000", "--yes")
    assert broken.returncode == 2 and "gateway 1" in broken.stderr


def test_stand_ins_know_no_other_days(shell: Shell) -> None:
    wrong = shell.run("channels", "pretend", "--day", "sunny")
    assert wrong.returncode == 2 and "captcha" in wrong.stderr


def test_stand_ins_print_the_file_that_names_them(shell: Shell) -> None:
    running = subprocess.Popen(
        [*AMPARO, "channels", "pretend"], env=environment(shell.data), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert running.stdout is not None and running.stderr is not None
        told = ""
        while "[[webhook]]" not in told or not told.endswith("private = true\n"):
            told += running.stdout.readline()
        (shell.data / "channels.toml").write_text(told)
        assert shell.run("channels", "test", "matrix", "!abc:x", "--yes").returncode == 0
        assert "listening on" in running.stderr.readline()
        assert "matrix" in running.stderr.readline()
    finally:
        running.terminate()
        running.wait(10)


def test_the_sample_of_the_manual_can_be_read() -> None:
    manual = (Path(__file__).parents[2] / "docs/install.md").read_text()
    (sample,) = re.findall(r"```\n(\[signal\].*?)```", manual, re.S)
    settings.file().write_text(sample.replace("whsec_…", "whsec_" + "QUFB" * 8).replace("…", "x"))
    settings._read.cache_clear()
    try:
        made = settings.load()
        assert made.signal and made.matrix and made.ntfy and made.push and made.webpush
        assert [one.name for one in made.webhook] == ["rota"]
    finally:
        settings.file().unlink()
        settings._read.cache_clear()
