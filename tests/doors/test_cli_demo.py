"""The whole story, through the real commands, services and pages; and the sample stays a sample."""

import json
import os

import pytest

from amparo.proofs.demo import browser, papers, show, stage
from amparo.vault import sample
from tests.doors.shell import Shell, found

SAMPLE = f"""
organisation = "Sample (fictional)"
sample = true
hash_level = "a0"
[[officers]]
name = "{sample.PEOPLE[0].name}"
sign_in = "ines"
passphrase = "{sample.PEOPLE[0].passphrase}"
totp = "{sample.PEOPLE[0].secret}"
[[officers]]
name = "{sample.PEOPLE[1].name}"
sign_in = "ruth"
passphrase = "{sample.PEOPLE[1].passphrase}"
totp = "{sample.PEOPLE[1].secret}"
"""


@pytest.mark.timeout(400)
def test_the_story_is_told_to_its_end(tmp_path):
    done = Shell(tmp_path).run("demo", "--json")
    told = json.loads(done.stdout)
    broken = [one for one in told["steps"] if not one["ok"]]
    assert not broken, broken
    assert told["ok"] is True
    assert done.returncode == 0
    assert len(told["steps"]) == len(show.STORY) >= 47
    assert {frozenset(one) for one in told["steps"]} == {frozenset({"step", "ok", "ms", "detail"})}
    assert not list(tmp_path.iterdir())


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path):
    (tmp_path / "letters").write_text("dear")
    done = Shell(tmp_path).run("demo", "--keep", str(tmp_path))
    assert done.returncode == 1
    assert os.listdir(tmp_path) == ["letters"]


def test_sample_sign_ins_are_refused_outside_a_sample(tmp_path):
    shell, _ = found(tmp_path, SAMPLE)

    def keys(person: sample.Known, back: int) -> str:
        return f"{person.sign_in}\n{person.passphrase}\n{person.digits(back=back)}\n"

    ines, ruth = sample.PEOPLE[:2]
    good = shell.run("staff", "list", typed=keys(ines, 0))
    assert good.returncode == 0, good.stderr
    assert shell.run("demo-code", "ines").stdout.strip().isdecimal()
    for more in ({"AMPARO_SAMPLE": "0"},):
        refused = shell.run("staff", "list", typed=keys(ruth, 0), **more)
        assert refused.returncode == 1
        assert shell.run("demo-code", "ines", **more).returncode == 1
    # And nobody can be founded with one.
    other = tmp_path / "other"
    other.mkdir()
    (other / "answers.toml").write_text(SAMPLE.replace("sample = true", ""))
    done = Shell(other / "data").run("init", "--answers", str(other / "answers.toml"))
    assert done.returncode == 2


def test_the_digits_of_the_sample_are_for_people_of_the_sample(tmp_path):
    done = Shell(tmp_path).run("demo-code", "nobody", AMPARO_SAMPLE="1")
    assert done.returncode == 1
    assert "ines" in done.stderr


# --- what the story is told with -----------------------------------------------------------------
def test_the_search_finds_what_it_looks_for():
    """A search that can find nothing would always be content."""
    import base64

    one = papers.Sought("x", "asked my neighbour when I come home")
    for offset in range(3):
        text = base64.b64encode(b"." * offset + b"they " * 3 + one.text.encode() + b" and more")
        assert any(shape in text for shape in one.shapes()), offset
    for held in (one.text.encode(), one.text.encode("utf-16-le"), one.text.encode().hex().encode()):
        assert any(shape in held for shape in one.shapes())


PAGE = b"""<form method="post" action="/do" enctype="multipart/form-data">
<input type="hidden" name="token" value="t1"><textarea name="text">kept</textarea>
<select name="to"><option value="">-</option><option value="7" selected>Ruth B.</option></select>
<label><input type="radio" name="how" value="a"> By <b>phone</b></label>
<label><input type="checkbox" name="tick" value="1" checked> Sure</label>
<button name="do" value="go">Go</button></form><script>var x</script><svg>drawn</svg>"""


def test_the_browser_sends_what_a_browser_would():
    page = browser.Page(200, "/here", {"content-type": "text/html"}, PAGE)
    (form,) = page.forms
    assert form.fields == {"token": ["t1"], "text": ["kept"], "to": ["7"], "tick": ["1"]}
    assert form.pick("how", "phone") == "a"
    assert form.pick("to", "ruth") == "7"
    assert form.buttons == [("do", "go")]
    assert page.scripts == 1
    assert "drawn" not in page.text
    with pytest.raises(LookupError):
        page.form("absent")
    with pytest.raises(LookupError):
        form.pick("how", "letter")


def test_what_is_not_a_sample_is_not_taken_for_one(tmp_path):
    (tmp_path / "server.keys").write_text("{}")
    (tmp_path / "amparo.toml").write_text("# sample = true\n")
    assert not stage.is_sample(tmp_path)
    (tmp_path / "amparo.toml").write_text("sample = true\n")
    assert stage.is_sample(tmp_path)
