"""The JSON documents that go in and out, field by field. What is not named here does not pass."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

UPLOADS = 20  # files of one message
Text = Annotated[str, Field(max_length=200_000)]  # what can be kept is for the services to say
Short = Annotated[str, Field(max_length=2_000)]
Token = Annotated[str, Field(max_length=4_000)]
Card = Annotated[str, Field(max_length=100)]
Tokens = Annotated[list[Token], Field(max_length=UPLOADS)]


class In(BaseModel):
    """What a client sends: a name that is not known is refused, so that no answer gets lost."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Out(BaseModel):
    """What a client gets."""

    model_config = ConfigDict(from_attributes=True)


# --- sent ----------------------------------------------------------------------------------------
class NewCall(In):
    """A call for help. Every question may stay empty, but not all of them."""

    what: Text = Field("", description="What is happening.")
    where: Text = Field("", description="Where, roughly.")
    how: Literal["here", "text", "call"] = Field(
        "here", description="How to answer: with the code only, by text message, by a call."
    )
    reach: Text = Field("", description="The number, and when it is safe.")
    language: str = Field("en", pattern="^[a-z]{2,3}$", description="What they read (ISO 639).")
    code: Literal["words", "digits"] = Field(
        "digits",
        description="Form of the return code. Words come in `language` where it has a "
        "list (see /ready), in English otherwise.",
    )
    uploads: Tokens = Field([], description="Tokens of finished uploads.")


class TypedCode(In):
    """A return code as somebody types it: any case, spaces and digits of any script."""

    code: Short


class Press(In):
    """Somebody sends for help with their card. The card's token is the last part of its address; it
    travels here, and never in an address."""

    card: Card
    practice: bool = Field(False, description="Only try it: everybody is told that it is a try.")


class PressAgain(In):
    """Which press it is about."""

    card: Card
    alarm: UUID = Field(
        strict=False, description="As the press was answered, or the press's own key."
    )


class Place(PressAgain):
    """Where they are, if they want to say it; those on duty alone read it."""

    where: Text


class NewMessage(In):
    """Something more to say."""

    text: Text = ""
    uploads: Tokens = []


class ReaderToClose(In):
    """Whom to take what they can read from: `principal` and `purpose` of a reader of the thread."""

    recipient: UUID = Field(strict=False)
    purpose: Short


class Chosen(In):
    """Yes or no to one of the thread's choices."""

    purpose: Literal["duty", "own"] = Field(
        description="duty: one officer may open this when a life is in danger; own: it is read back "
        "with the code, by whoever finds the code too."
    )
    compartment: Short
    yes: bool


class AnswerToChange(In):
    """Which of the thread's `again` is let be read after all."""

    answer: UUID = Field(strict=False)


class Sure(In):
    """This cannot be undone."""

    sure: Literal[True]


class NewUpload(In):
    """A file that is going to come."""

    size: int = Field(ge=0, description="Bytes.")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="Of the whole file, in hex.")
    name: Short = Field("", description="Kept sealed; without its path.")


class SignIn(In):
    """Name, passphrase and the six digits that the second device shows."""

    name: Short
    passphrase: Short
    second: Short


class Level(In):
    """How grave it is: 1 minimal, 2 ordinary, 3 extraordinary, 4 extreme; why, if it is lowered."""

    level: int = Field(ge=1, le=4)
    reason: Text = ""


class CallLog(In):
    """How a call went."""

    outcome: Literal["reached", "no answer", "voicemail", "wrong person", "not safe", "call back"]
    text: Text = ""
    reason: Text = Field("", description="Why somebody was rung up against what was agreed.")
    incoming: bool = Field(default=False, description="They called us.")


class Reason(In):
    """Why; the defender reads it."""

    reason: Text


class Referral(In):
    """Where to, and why; the defender reads both, and nothing of theirs is sent."""

    to: Short
    reason: Text


class Note(In):
    """Something to write into a compartment of an opened case."""

    compartment: Short
    text: Text = ""
    uploads: Tokens = []


class Words(In):
    """What to look for."""

    text: str = Field(max_length=200, pattern="^[^\x00]*$")


# --- answered ------------------------------------------------------------------------------------
class Ready(Out):
    """A call can be taken in now."""

    due_at: datetime = Field(description="When somebody will have read what is sent now.")
    upload_limit: int = Field(description="Bytes of one upload.")
    part_size: int = Field(description="Bytes of every part but the last.")
    code_languages: list[str] = Field(description="Languages with a list of words.")


class ReturnCode(Out):
    """The return code: six groups of digits, or nine words. It is shown this once."""

    form: Literal["words", "digits"]
    language: str | None
    shown: list[str]


class Pressed(Out):
    """How a press stands. `told` counts people, those on duty as one of them."""

    alarm: UUID
    state: Literal["open", "answered", "safe", "back", "closed"]
    is_try: bool
    told: int
    can_take_back: bool
    again: bool = Field(description="It rang already, and goes on as it was.")


class Asked(Out):
    """The call is sealed and stored."""

    code: ReturnCode
    due_at: datetime
    received_at: datetime


class Session(Out):
    """A session; each use keeps it alive for as long again."""

    token: str
    expires_in: int = Field(description="Seconds without use after which it is over.")


class Upload(Out):
    """A file that is coming. Whoever has the token has the only key to what came so far."""

    id: UUID
    token: str
    parts: int
    part_size: int
    until: datetime = Field(description="When it dies, if nothing has named it by then.")


class Progress(Out):
    """What has come of a file."""

    id: UUID
    size: int
    parts: int
    have: list[int] = Field(description="Numbers of the parts that are there, from 0.")
    until: datetime


class Made(Out):
    """What was written."""

    id: UUID


class File(Out):
    """A file of a message; `clean` is its copy without hidden details, if one could be made."""

    id: UUID
    name: str
    kind: str
    size: int
    sha256: str
    clean: UUID | None


class Message(Out):
    """An entry of a conversation or compartment."""

    id: UUID
    by: str = Field(
        description="defender, call (typed by an officer), relay (passed on), desk, note or system."
    )
    author: str = Field(description="A colleague's name, at the desk only.")
    text: str
    at: datetime
    unread: bool = Field(description="By the defender.")
    files: list[File]
    decision: str
    level: int
    outcome: str
    to: str
    where: str


class Reader(Out):
    """Somebody who holds a key today."""

    principal: UUID
    kind: str = Field(description="team, person or outside.")
    label: str
    count: int = Field(description="People.")
    purpose: str
    until: date | None
    compartments: list[str]


class Disclosure(Out):
    """One time that something was shown or given away."""

    at: datetime
    label: str
    purpose: str
    compartments: list[str]
    how: str


class Override(Out):
    """Access without consent because a life was in danger."""

    at: datetime
    reason: str
    confirmed: bool


class Choice(Out):
    """What only the defender chooses. It is `checked` until somebody has made sure that it was they, or
    until `counts_from`; then it waits until somebody who may opens it. `unsure`: why they were not."""

    purpose: str = Field(description="duty or own.")
    compartment: str
    state: Literal["off", "checked", "waits", "on"]
    counts_from: datetime | None
    unsure: str


class Again(Out):
    """Something that was refused or taken back; `until` is the last day it would have."""

    answer: UUID
    label: str
    purpose: str
    compartment: str
    until: date | None


class Part(Out):
    """A compartment that the defender chose to read back."""

    compartment: str
    entries: list[Message]


class Thread(Out):
    """The conversation of one request, newest first, and who can read it."""

    state: str
    stage: str
    due_at: datetime | None
    messages: list[Message]
    readers: list[Reader]
    disclosures: list[Disclosure]
    overrides: list[Override]
    resealing_since: date | None
    # These three only in a defender's own thread.
    parts: list[Part]
    choices: list[Choice]
    again: list[Again]
    # The last day of an erasure that was asked for in this name; only a defender's own thread has it.
    erasing_until: date | None = None
    # The officer who took the call has seen the code: it says yes to nothing until it is replaced.
    code_seen: bool = False


class Row(Out):
    """A request or case as the queue shows it."""

    case: UUID
    name: str
    state: str
    stage: str
    level: int
    due_at: datetime | None
    language: str
    way: str
    owner: str
    mine: bool
    unread: int
    version: int
    reach: list[dict[str, str]]
    where: str


class Queue(Out):
    """A page of the queue; `after` leads to the next one, empty at the end."""

    rows: list[Row]
    after: str
    counts: dict[str, int]


class Compartment(Out):
    """One compartment of an opened case. A sealed one shows who holds it, and nothing else."""

    code: str
    open: bool
    entries: list[Message]
    holders: list[Reader]


class Case(Out):
    """Everything of a case that one's keys open."""

    row: Row
    thread: Thread
    compartments: list[Compartment]
    may: list[str] = Field(description="What can be done now.")


class Hit(Out):
    """Where a word stands."""

    case: UUID
    name: str
    snippet: str
    compartment: str


class Problem(BaseModel):
    """What went wrong (RFC 9457). `fields` says what is wrong with which field, in a word."""

    type: Literal["about:blank"]
    title: str
    status: int
    fields: dict[str, str] | None = None
    mistake: dict[str, str | int | None] | None = Field(
        None,
        description="Where a return code was mistyped: form, language, position, found, "
        "expected. Never what was typed.",
    )
