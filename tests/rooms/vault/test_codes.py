"""Return codes: what they hold, how they may be typed, what a slip does, what keys they give.

No name here holds a real code; the fixed ones are made of counting numbers.
"""

import copy
import hashlib
import math
import pickle
import random
import struct
import threading
import traceback
import unicodedata
from itertools import combinations
from unittest.mock import patch

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st
from mnemonic import Mnemonic

from amparo.foundation.errors import Invalid
from amparo.vault import codes
from amparo.vault.codes import LANGUAGES, Code, Mistake, Mistyped, parse

# These tests touch no table; without this mark each would empty them all.
pytestmark = pytest.mark.django_db(databases=[])

SALT, PEPPER = bytes(range(16)), bytes(range(32))
NUMBER = 0x0123456789ABCDEF01234567 % 2**93
FIXED_DIGITS = "12345 67890 12345 67890 12345 67839"
FIXED_WORDS = {
    "en": "animal spend someone one tragic rose caught earth demise",
    "es": "alga salsa rumbo nieto tienda programa búho divino cuello",
    "fr": "ajuster romance réussir métal talent plonger brume devoir créature",
    "pt": "agilizar reter renovado massagem tampa pincel bimotor cutelo citar",
    "ru": "башмак схема сувенир поклон учесть сиденье вязать зоопарк жест",
    "tr": "ambalaj tamtakır taharet palmiye uyarı sergi çarşaf geziyolu entari",
}
languages = pytest.mark.parametrize("language", LANGUAGES)


def code_of(seed: object, form: str) -> Code:
    """The code that a given course of chance would make; `form` is a language or "digits"."""
    chance = random.Random(repr(seed))
    with (
        patch.object(codes.secrets, "randbits", chance.getrandbits),
        patch.object(codes.secrets, "randbelow", chance.randrange),
    ):
        return codes.new_digits() if form == "digits" else codes.new_words(form)


def mistake_in(text: str) -> Mistyped:
    with pytest.raises(Mistyped) as caught:
        parse(text)
    return caught.value


def is_noticed(text: str) -> bool:
    """A slip in one word or a few digits: True when the check, or a list, shows it."""
    try:
        parse(text)
    except Mistyped:
        return True
    return False


# --- what a code holds ---------------------------------------------------------------------------
def test_a_code_holds_at_least_90_bits_by_construction():
    assert codes.LEAST_BITS == 90
    assert round(codes.RANDOM_DIGITS * math.log2(10), 2) == 93.01
    # A draw is kept when all nine words may be given out; SHA-256 makes the ninth like the others.
    held = {
        language: codes.RANDOM_BITS + 9 * math.log2(len(codes._list_of(language).by_letters) / 2048)
        for language in LANGUAGES
    }
    assert {language: round(bits, 2) for language, bits in held.items()} == {
        **dict.fromkeys(("en", "es", "fr", "pt"), 93.0),
        "ru": 92.98,
        "tr": 92.22,
    }
    assert min(held.values()) >= codes.LEAST_BITS


def test_hardly_a_draw_is_lost_because_an_earlier_language_reads_it():
    letters = {language: set(codes._list_of(language).by_letters) for language in LANGUAGES}
    for place, language in enumerate(LANGUAGES):
        shares = (len(letters[language] & letters[other]) / 2048 for other in LANGUAGES[:place])
        assert sum(share**9 / 2**codes.CHECK_BITS for share in shares) < 1e-5


def test_all_of_it_comes_from_the_system_s_own_chance():
    with patch.object(codes.secrets, "randbelow", return_value=0) as drawn:
        assert codes.new_digits().shown == ("00000",) * 5 + ("00098",)
        drawn.assert_called_once_with(10**28)
    with patch.object(codes.secrets, "randbits", return_value=NUMBER) as drawn:
        assert " ".join(codes.new_words("en").shown) == FIXED_WORDS["en"]
        drawn.assert_called_once_with(93)


def test_ten_thousand_codes_are_ten_thousand():
    made = {codes.new_digits().secret for _ in range(5_000)}
    made |= {codes.new_words(LANGUAGES[n % 6]).secret for n in range(5_000)}
    assert len(made) == 10_000


@languages
def test_words_stay_what_they_are_for_a_number(language):
    """Codes that were given out must open for years: this pins list, order, check and language."""
    assert " ".join(codes._code_of_words(language, NUMBER).shown) == FIXED_WORDS[language]
    assert parse(FIXED_WORDS[language]).language == language


@languages
def test_words_are_made_as_the_format_says(language):
    """The same again from the published package and hashlib, with nothing of ours but the sizes."""
    name = codes._LISTS[language][0]
    shown = codes._code_of_words(language, NUMBER).shown
    index = [Mnemonic(name).wordlist.index(unicodedata.normalize("NFKD", word)) for word in shown]
    whole = int("".join(f"{place:011b}" for place in index), 2)
    secret = b"amparo/v1" + b"".join(
        struct.pack(">I", len(part)) + part
        for part in (b"return code", b"words", language.encode(), NUMBER.to_bytes(12, "big"))
    )
    assert codes._code_of_words(language, NUMBER).secret == secret
    assert whole >> 6 == NUMBER
    assert whole & 63 == hashlib.sha256(secret).digest()[0] >> 2


# Mnemonic normalises what it is asked for, not what its list holds; two lists are not NFKD.
@pytest.fixture(autouse=True)
def _lists_in_nfkd(monkeypatch):
    made = Mnemonic.__init__

    def init(self, language):
        made(self, language)
        self.wordlist = [unicodedata.normalize("NFKD", word) for word in self.wordlist]

    monkeypatch.setattr(Mnemonic, "__init__", init)


def test_a_word_list_that_changed_is_refused(monkeypatch):
    codes._list_of.cache_clear()
    monkeypatch.setitem(codes._LISTS, "en", ("english", "00" * 32))
    with pytest.raises(RuntimeError, match="english"):
        codes._list_of("en")
    codes._list_of.cache_clear()


def test_there_is_no_list_in_arabic():
    with pytest.raises(KeyError):
        codes.new_words("ar")


# --- how it may be typed -------------------------------------------------------------------------
SEPARATORS = (" ", "  ", "-", " - ", "\n", "\r\n", "\t", ", ", " ", ".", "\u200b", "、", " \u200f")


def spelt(word: str, how: random.Random) -> str:
    """One of the many ways in which somebody may type a word."""
    word = unicodedata.normalize(how.choice(("NFC", "NFKD")), word)
    if how.random() < 0.5:
        word = "".join(
            c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c)
        )
    if how.random() < 0.5:
        word = unicodedata.normalize("NFC", word)
        word = word[: how.randint(4, 8)]
    turkish = how.choice((str, lambda w: w.replace("ı", "i"), lambda w: w.replace("i", "İ")))
    return turkish(how.choice((str, str.upper, str.title, str.casefold))(word))


@given(st.sampled_from(LANGUAGES), st.integers(), st.integers())
def test_words_are_read_however_they_are_typed(language, seed, manner):
    code, how = code_of(seed, language), random.Random(manner)
    typed = [spelt(word, how) for word in code.shown]
    if how.random() < 0.3:
        typed = [f"{number}. {word}" for number, word in enumerate(typed, 1)]
    text = how.choice(("", " ", "\ufeff", "«")) + how.choice(SEPARATORS).join(typed)
    assert parse(text) == code
    assert parse(text).shown == code.shown


@given(st.integers(), st.sampled_from(("٠", "۰", "０", "०", "0", "০")), st.integers())
def test_digits_are_read_in_any_script_and_grouping(seed, zero, manner):
    code, how = code_of(seed, "digits"), random.Random(manner)
    digits = "".join(chr(ord(zero) + int(digit)) for digit in "".join(code.shown))
    size = how.choice((1, 2, 3, 4, 5, 6, 10, 15, 30))
    groups = [digits[start : start + size] for start in range(0, 30, size)]
    assert parse(how.choice(SEPARATORS).join(groups)) == code


@pytest.mark.parametrize(
    "text",
    [
        FIXED_DIGITS,
        "123456789012345678901234567839",
        "  12345-67890-12345-67890-12345-67839\n",
        "١٢٣٤٥ ٦٧٨٩٠ ١٢٣٤٥ ٦٧٨٩٠ ١٢٣٤٥ ٦٧٨٣٩",
        "۱۲۳۴۵ ۶۷۸۹۰ ۱۲۳۴۵ ۶۷۸۹۰ ۱۲۳۴۵ ۶۷۸۳۹",
        "１２３４５６７８９０１２３４５６７８９０１２３４５６７８３９",
        "\u206612345\u2069 \u206667890\u2069 12345 67890 12345 67839",
        "12345\u00a067890\u202f12345\u200967890|12345/67839",
        "12345 67890 ۱۲۳۴۵ ٦٧٨٩٠ 12345 67839",
    ],
)
def test_these_digits_are_one_code(text):
    assert parse(text).secret == parse(FIXED_DIGITS).secret


@pytest.mark.parametrize(
    "text",
    [
        "alga salsa rumbo nieto tienda programa buho divino cuello",
        "ALGA SALSA RUMBO NIETO TIENDA PROGRAMA BÚHO DIVINO CUELLO",
        "alga sals rumb niet tien prog buho divi cuel",
        "1) alga 2) salsa 3) rumbo 4) nieto 5) tienda 6) programa 7) búho 8) divino 9) cuello",
        "Alga, salsa; rumbo -- nieto\ntienda\tprograma\u00a0bu\u0301ho DIVI cuello.",
        "al\u00adga salsa rumbo nieto tienda pro\u200dgrama búho divino cuello",
    ],
)
def test_these_words_are_one_code(text):
    assert parse(text).secret == parse(FIXED_WORDS["es"]).secret


def test_a_turkish_keyboard_is_not_needed():
    for text in (
        "ambalaj tamtakir taharet palmiye uyari sergi carsaf geziyolu entari",
        "AMBALAJ TAMTAKIR TAHARET PALMİYE UYARI SERGİ ÇARŞAF GEZİYOLU ENTARİ",
        "amba tamt taha palm uyar serg cars gezi enta",
    ):
        assert parse(text) == parse(FIXED_WORDS["tr"])


def test_a_word_is_cut_after_its_fourth_letter_or_not_at_all():
    for text in ("ani", "anim", "animals", "anima1l", "animol"):
        typed = FIXED_WORDS["en"].replace("animal", text)
        assert is_noticed(typed) == (text != "anim")


# --- one text, one meaning -----------------------------------------------------------------------
def forms(word: str) -> set[str]:
    """Every accepted spelling, after case and script are out of the way."""
    plain = codes.bare(word)
    return {plain} | {plain[:end] for end in range(codes.LETTERS_ENOUGH, len(plain))}


@languages
def test_every_spelling_of_every_word_is_read_as_its_poorest_or_not_at_all(language):
    """All words × all spellings × all lists. It carries the proof in the module's docstring: what
    an earlier list cannot make of the poorest spelling, it cannot make of a richer one."""
    own = codes._list_of(language)
    for index in own.by_letters.values():
        word = own.shown[index]
        accented = {unicodedata.normalize(form, word) for form in ("NFC", "NFKD")}
        assert {codes.bare(each) for each in accented | {word.upper(), word.title()}} == {
            own.bare[index]
        }
        spellings = sorted(forms(word))
        poorest = [own.bare[index][: codes.LETTERS_ENOUGH]]
        assert own.read(spellings) == [index] * len(spellings)
        for other in map(codes._list_of, LANGUAGES):
            assert set(other.read(spellings)) <= {None, *other.read(poorest)}


def test_what_is_never_given_out():
    never = {}
    for language in LANGUAGES:
        words = codes._list_of(language)
        out = set(words.by_letters.values())
        never[language] = [word for at, word in enumerate(words.shown) if at not in out]
    assert [len(never[language]) for language in LANGUAGES] == [0, 0, 0, 0, 3, 119]
    assert {"стоить", "стойка"} < set(never["ru"])
    assert {"odun", "ödünç", "artı", "artist"} < set(never["tr"])
    for language, words in never.items():
        for word in words:
            assert codes._list_of(language).read([codes.bare(word), codes.bare(word)[:4]]) == [
                None,
                None,
            ]


def numbers_read_in_both(language: str, earlier: str, count: int) -> list[int]:
    """Numbers whose words in `language`, cut to four bare letters, `earlier` takes for its own."""
    ours, theirs = codes._list_of(language), codes._list_of(earlier)
    shared = sorted(set(ours.by_letters) & set(theirs.by_letters))
    chance, found = random.Random(language + earlier), []
    while len(found) < count:
        letters = chance.choices(shared, k=8)
        start = codes._number([ours.by_letters[each] for each in letters]) << 5
        for entropy in range(start, start + 32):
            last = ours.bare[codes._indexes(language, entropy)[-1]][:4]
            if last not in theirs.by_letters:
                continue
            indexes = theirs.read([*letters, last])
            if codes._indexes(earlier, codes._number(indexes) >> 6) == indexes:
                found.append(entropy)
    return found


@pytest.mark.parametrize(
    ("language", "earlier"),
    [pair[::-1] for pair in combinations([each for each in LANGUAGES if each != "ru"], 2)],
)
def test_a_code_that_an_earlier_language_could_read_is_never_given_out(language, earlier):
    for number in numbers_read_in_both(language, earlier, 3):
        code = codes._code_of_words(language, number)
        poorest = " ".join(codes.bare(word)[:4] for word in code.shown)
        assert parse(poorest).language == earlier  # one meaning, whoever reads it
        assert parse(poorest) != code
        with patch.object(codes.secrets, "randbits", side_effect=[number, number, NUMBER]) as drawn:
            assert " ".join(codes.new_words(language).shown) == FIXED_WORDS[language]
        assert drawn.call_count == 3


def test_the_same_number_in_two_languages_is_two_secrets():
    assert len({codes._code_of_words(language, NUMBER).secret for language in LANGUAGES}) == 6


# --- slips of the hand ---------------------------------------------------------------------------
def test_the_check_digits_notice_every_wrong_digit_and_every_two_that_changed_places():
    """For all codes: a slip adds d·10^i or (a−b)·(10^i−10^j), and 97 divides none of these."""
    weights = [pow(10, place, 97) for place in range(codes.DIGITS)]
    for weight in weights:
        assert all(wrong * weight % 97 for wrong in range(1, 10))
    for one, other in combinations(weights, 2):
        assert all(apart * (one - other) % 97 for apart in range(1, 10))


@given(st.integers())
@settings(max_examples=5)
def test_and_so_it_does_for_these_codes(seed):
    digits = "".join(code_of(seed, "digits").shown)
    for at, digit in enumerate(digits):
        for other in set("0123456789") - {digit}:
            wrong = digits[:at] + other + digits[at + 1 :]
            assert mistake_in(wrong).mistake is Mistake.CHECK
    for one, other in combinations(range(30), 2):
        if digits[one] != digits[other]:
            swapped = list(digits)
            swapped[one], swapped[other] = swapped[other], swapped[one]
            assert mistake_in("".join(swapped)).mistake is Mistake.CHECK


def test_a_second_pair_of_check_digits_does_not_pass_for_the_first():
    """97 is less than 100: 00 and 97, 01 and 98, 02 and 99 leave the same remainder."""
    for seed in range(60):
        digits = "".join(code_of(seed, "digits").shown)
        for check in range(100):
            text = f"{digits[:28]}{check:02d}"
            assert is_noticed(text) == (text != digits)


@pytest.mark.parametrize("language", ["en", "tr"])
def test_six_check_bits_miss_one_wrong_word_in_64(language):
    """Every word in every place of one code: what six bits can do, and no more. The code stays
    unknown to the installation all the same; only the person is told later, at the look-up."""
    words = list(code_of("slip", language).shown)
    usable = [
        codes._list_of(language).shown[index]
        for index in codes._list_of(language).by_letters.values()
    ]
    missed = tried = 0
    for place, right in enumerate(words):
        for other in usable:
            if other != right:
                typed = [*words[:place], other, *words[place + 1 :]]
                missed += not is_noticed(" ".join(typed))
                tried += 1
    assert tried == 9 * (len(usable) - 1)
    spread = math.sqrt(tried / 64 * 63 / 64)
    assert abs(missed - tried / 64) < 4 * spread


def test_six_check_bits_miss_one_swap_of_words_in_64():
    missed = tried = 0
    for seed in range(150):
        words = code_of(seed, "en").shown
        for one, other in combinations(range(9), 2):
            if words[one] != words[other]:
                typed = list(words)
                typed[one], typed[other] = typed[other], typed[one]
                missed += not is_noticed(" ".join(typed))
                tried += 1
    assert abs(missed - tried / 64) < 4 * math.sqrt(tried / 64 * 63 / 64)


@languages
@pytest.mark.parametrize("place", range(9))
def test_a_word_that_is_in_no_list_is_named_by_its_position(language, place):
    words = FIXED_WORDS[language].split()
    found = mistake_in(" ".join([*words[:place], "zzzz", *words[place + 1 :]]))
    assert (found.mistake, found.form, found.language) == (Mistake.UNKNOWN, "words", language)
    assert (found.position, found.found, found.expected) == (place + 1, 9, 9)


def test_a_word_of_another_language_is_named_by_its_position():
    words = FIXED_WORDS["en"].split()
    words[4] = "рыба"
    assert (mistake_in(" ".join(words)).language, mistake_in(" ".join(words)).position) == ("en", 5)


@pytest.mark.parametrize(
    ("text", "mistake", "form", "position", "found"),
    [
        ("", Mistake.EMPTY, None, None, None),
        (" \n-\u200b\u200f…", Mistake.EMPTY, None, None, None),
        ("x" * 1001, Mistake.COUNT, None, None, None),
        ("12345 67890 12345 6789 12345 67839", Mistake.COUNT, "digits", 4, 29),
        ("12345 67890 123456 67890 12345 67839", Mistake.COUNT, "digits", 3, 31),
        ("12345 67890 12345 67890 12345", Mistake.COUNT, "digits", None, 25),
        ("1", Mistake.COUNT, "digits", None, 1),
        ("12345 67890 12345 67890 12345 67838", Mistake.CHECK, "digits", None, 30),
        ("12345 67890 1234O 67890 12345 67839", Mistake.UNKNOWN, "digits", 3, None),
        ("l2345 67890 12345 67890 12345 67839", Mistake.UNKNOWN, "digits", 1, None),
        ("animal spend someone one tragic rose caught earth", Mistake.COUNT, "words", None, 8),
        (FIXED_WORDS["en"] + " animal", Mistake.COUNT, "words", None, 10),
        ("qwerty", Mistake.UNKNOWN, "words", 1, 1),
        (
            "animal spend someone one tragic rose caught earth animal",
            Mistake.CHECK,
            "words",
            None,
            9,
        ),
    ],
)
def test_a_mistake_says_what_the_page_needs(text, mistake, form, position, found):
    error = mistake_in(text)
    assert (error.mistake, error.form, error.position, error.found) == (
        mistake,
        form,
        position,
        found,
    )
    assert error.expected == {"digits": 30, "words": 9, None: None}[form]
    assert isinstance(error, Invalid)
    assert error.fields == {"code": mistake}


# --- any text ------------------------------------------------------------------------------------
TYPED = st.one_of(
    st.text(max_size=200),
    st.text("0123456789٠۹ -\nlO", max_size=60),
    st.lists(st.sampled_from(sorted(codes._list_of("en").shown)), max_size=12).map(" ".join),
    st.lists(
        st.sampled_from([each for text in FIXED_WORDS.values() for each in text.split()]),
        min_size=8,
        max_size=10,
    ).map("-".join),
    st.text(max_size=4).map(lambda text: FIXED_DIGITS + text),
    st.text(max_size=4).map(lambda text: text + FIXED_WORDS["tr"]),
)


@given(TYPED)
@settings(max_examples=500)
def test_any_text_is_a_code_or_a_mistake(text):
    try:
        code = parse(text)
    except Mistyped as error:
        assert error.position is None or error.position >= 1
        return
    assert parse(" ".join(code.shown)) == code
    assert len(code.shown) == {"digits": 6, "words": 9}[code.form]


# --- secrecy -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text", [FIXED_DIGITS[:-1] + "8", FIXED_WORDS["es"].replace("búho", "bxho")]
)
def test_no_exception_holds_what_was_typed(text):
    error = mistake_in(text)
    said = [str(error), repr(error), repr(vars(error)), repr(error.args), repr(error.fields)]
    said += traceback.format_exception(error)
    said += [repr(error.__cause__), repr(error.__context__)]
    assert not [part for part in text.split() if any(part in each for each in said)]


@pytest.mark.parametrize("form", ["digits", "en"])
def test_a_code_shows_itself_only_when_asked(form):
    code = code_of("quiet", form)
    for said in (repr(code), str(code), f"{code}", repr([code])):
        assert not [part for part in code.shown if part in said]
        assert code.secret.hex() not in said
    for escape in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            escape(code)


# --- the two keys --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "look_up", "lock"),
    [
        (
            FIXED_WORDS["en"],
            "d592038bf93278ba069cd3f3892d1910dc3a2146223aeda4af51347d5235b62c",
            "64349e5b9f7d5204dfb597bd12fded3615e14a08ad60369da22950360a01166c",
        ),
        (
            FIXED_DIGITS,
            "fe8f125a7df70fb02456aca8c9b70dc04fd8d5db2bb812ef4fbd1a08a63d440d",
            "90ce810be6d373894f5f9ad3efab574b72d642f6aa3ac58f931a883cf01f37cd",
        ),
    ],
)
def test_a_code_opens_for_years(text, look_up, lock):
    assert [key.hex() for key in codes.derive(parse(text), SALT, PEPPER)] == [look_up, lock]


def test_the_keys_are_made_as_the_format_says():
    code = parse(FIXED_DIGITS)
    root = Argon2id(
        salt=SALT, length=32, iterations=2, lanes=1, memory_cost=19_456, secret=PEPPER
    ).derive(code.secret)
    for key, name in zip(
        codes.derive(code, SALT, PEPPER), (b"look-up id", b"lock key"), strict=True
    ):
        info = b"amparo/v1" + b"\0\0\0\x0breturn code" + struct.pack(">I", len(name)) + name
        assert key == HKDF(hashes.SHA256(), 32, None, info).derive(root)


def test_each_of_code_salt_and_pepper_makes_other_keys():
    code = parse(FIXED_DIGITS)
    pairs = [
        codes.derive(code, SALT, PEPPER),
        codes.derive(parse(FIXED_WORDS["en"]), SALT, PEPPER),
        codes.derive(code, SALT[::-1], PEPPER),
        codes.derive(code, SALT, PEPPER[::-1]),
    ]
    assert len({key for pair in pairs for key in pair}) == 8
    assert all(len(key) == 32 for pair in pairs for key in pair)


def test_a_short_salt_or_pepper_is_refused():
    for salt, pepper in ((SALT[1:], PEPPER), (SALT, PEPPER[1:]), (SALT, b"")):
        with pytest.raises(ValueError, match="short"):
            codes.derive(parse(FIXED_DIGITS), salt, pepper)


def test_two_at_a_time_and_no_more():
    inside, most, lock, both = 0, 0, threading.Lock(), threading.Barrier(2, timeout=10)

    class Slow:
        def __init__(self, **_):
            pass

        def derive(self, _):
            nonlocal inside, most
            with lock:
                inside += 1
                most = max(most, inside)
            both.wait()  # passes only while two are in here together
            with lock:
                inside -= 1
            return bytes(32)

    with patch.object(codes, "Argon2id", Slow):
        code = parse(FIXED_DIGITS)
        threads = [
            threading.Thread(target=codes.derive, args=(code, SALT, PEPPER)) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert not any(thread.is_alive() for thread in threads)
    assert most == 2


def test_the_place_is_given_back_after_a_failure():
    with patch.object(codes, "Argon2id", side_effect=MemoryError):
        for _ in range(3):
            with pytest.raises(MemoryError):
                codes.derive(parse(FIXED_DIGITS), SALT, PEPPER)
    assert codes.derive(parse(FIXED_DIGITS), SALT, PEPPER)
