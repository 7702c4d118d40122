"""A language is read by a person before its safety texts stand alone."""

import tomllib

import pytest

from amparo.cli import answers, languages
from tests.doors.shell import copied

pytestmark = pytest.mark.needs("msgfmt")


@pytest.fixture
def shell(tmp_path):
    return copied(tmp_path)[0]


def reviewed(shell):
    return tomllib.loads((shell.data / "amparo.toml").read_text()).get("reviewed", [])


def test_every_safety_text_is_shown_beside_its_english(shell):
    texts = languages.safety_texts("es")
    assert len(texts) > 50
    shown = shell.run("locale", "review", "es", "--show").stdout
    flat = " ".join(shown.split())
    for (english, _), own in list(texts.items())[:20]:
        assert " ".join(english.split()) in flat
        assert " ".join(own.split()) in flat
    assert reviewed(shell) == []


def test_a_yes_marks_it_and_the_rest_of_the_file_stays(shell):
    file = shell.data / "amparo.toml"
    file.write_text("# my own remark\n" + file.read_text())
    before = file.read_text()
    no = shell.run("locale", "review", "es", typed="n\n")
    assert no.returncode == 1
    assert reviewed(shell) == []
    yes = shell.run("locale", "review", "es", typed="y\n")
    assert yes.returncode == 0, yes.stderr
    assert reviewed(shell) == ["es"]
    assert shell.run("locale", "review", "fr", "--yes").returncode == 0
    assert reviewed(shell) == ["es", "fr"]
    changed = [one for one in file.read_text().splitlines() if one not in before.splitlines()]
    assert changed == ['reviewed = ["es", "fr"]']
    told = {one["check"]: one for one in shell.json("doctor")["checks"]}
    assert told["translations"]["detail"].split(":")[1].startswith(" ar;")
    assert shell.run("locale", "review", "es", "--undo").returncode == 0
    assert reviewed(shell) == ["fr"]


def test_a_language_with_holes_cannot_be_marked(shell, monkeypatch):
    own = languages._catalogue

    def with_a_hole(language):
        texts = own(language)
        if language == "es":
            texts.pop(next(iter(texts)))
        return texts

    monkeypatch.setattr(languages, "_catalogue", with_a_hole)
    texts = languages.safety_texts("es")
    assert list(texts.values()).count("") >= 1


@pytest.mark.parametrize(("language", "code"), [("en", 2), ("tlh", 2)])
def test_other_languages_are_bad_input(shell, language, code):
    assert shell.run("locale", "review", language).returncode == code


def test_a_language_that_is_off_is_not_reviewed(shell):
    done = shell.run("locale", "review", "ar", "--yes", AMPARO_LANGUAGES="en,es")
    assert done.returncode == 1
    assert "languages" in done.stderr


# --- the file --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    [
        "",
        "# reviewed = []\n",
        'reviewed = ["ar"]\n',
        'reviewed = [\n  "ar", # Amal\n  "fr",\n]\nport = 1\n',
        'port = 1\n# reviewed = []\nsecure = true\nreviewed = ["x"]\n',
    ],
)
def test_one_option_is_changed_wherever_it_stands(tmp_path, text):
    file = tmp_path / "amparo.toml"
    file.write_text(text)
    rest = {key: value for key, value in tomllib.loads(text).items() if key != "reviewed"}
    answers.change(file, "reviewed", ("es",))
    assert tomllib.loads(file.read_text()) == rest | {"reviewed": ["es"]}
