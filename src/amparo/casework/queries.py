"""Reads of casework: the queue, a case, a thread. Each returns only what the actor's keys open."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from django.db.models import Count, Q, QuerySet

from amparo.casework import rules, second
from amparo.casework.choices import LATER, Again, Choice, again, choices
from amparo.casework.models import COVER, ENTRY, FILE, Case, Cover, Entry, File
from amparo.consent import gate
from amparo.consent import queries as consent
from amparo.consent import rules as consent_rules
from amparo.foundation import clean, clock, ids, journal
from amparo.foundation.actor import Actor
from amparo.foundation.config import zone
from amparo.foundation.errors import NotFound, Refused
from amparo.people import queries as people
from amparo.vault import compartments, files, staff

CALL_OUTCOMES = ("reached", "no answer", "voicemail", "wrong person", "not safe", "call back")
TO_RELAY = frozenset({"relay"})  # what one may do with a case that came through an intermediary
PAGE = 50


@dataclass(frozen=True)
class FileView:
    """A file of an entry. `clean` is the id of its copy without hidden details, if there is one."""

    id: ids.Id
    name: str
    kind: str
    size: int
    sha256: str
    clean: ids.Id | None

    @property
    def can_be_seen(self) -> bool:
        """Whether page images can be made of it."""
        return self.kind in {str(one) for one in clean.DRAWN}


@dataclass(frozen=True)
class Message:
    """An entry as it is shown. `author` is a colleague's name, at the desk only."""

    id: ids.Id
    by: str
    author: str
    text: str
    at: datetime
    unread: bool
    files: list[FileView]
    decision: str = ""
    level: int = 0
    outcome: str = ""
    to: str = ""
    where: str = ""
    against: str = ""  # a call that should not have been made: never, hours, not agreed
    why: str = ""  # and why it was made all the same
    next_step: str = ""


@dataclass(frozen=True)
class Reader:
    """Somebody who holds a key today, as the defender reads it."""

    principal: ids.Id
    kind: str  # team, person, outside
    label: str
    count: int
    purpose: str
    until: date | None
    compartments: list[str]


@dataclass(frozen=True)
class Part:
    """A compartment beside the conversation, as the defender chose to read it back."""

    compartment: str
    entries: list[Message]


@dataclass(frozen=True)
class Thread:
    """The conversation of one request, newest first; to the defender, also what they chose to read
    back, and what they may choose."""

    case: ids.Id
    state: str
    stage: str
    due_at: datetime | None
    messages: list[Message]
    readers: list[Reader]
    disclosures: list[consent.DisclosureRow]
    consents: list[consent.ConsentRow]
    overrides: list[consent.OverrideRow]
    resealing_since: date | None
    parts: list[Part] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    again: list[Again] = field(default_factory=list)
    code_seen: bool = False  # by the officer who wrote the call down: see `keys.marked`

    @property
    def to_check(self) -> list[consent.ConsentRow]:
        """What was chosen with the code and waits for somebody who makes sure by whom."""
        return [row for row in self.consents if row.to_check]


@dataclass(frozen=True)
class QueueRow:
    """A line of the queue."""

    case: ids.Id
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
    reach: list[dict[str, str]] = field(default_factory=list)
    where: str = ""
    late: int = 0  # tasks past their hour
    relay: str = ""  # the record of the intermediary through whom it came, and who they are
    second: ids.Id | None = None  # the small request that a second code opens
    second_of: ids.Id | None = None  # this one is that: whose it is

    @property
    def waits_for_defender(self) -> bool:
        """Whether it is theirs to move."""
        return self.state == "answered"


@dataclass(frozen=True)
class Queue:
    """A page of the queue, by time to deadline; `after` is the place of the next page."""

    rows: list[QueueRow]
    after: str
    counts: dict[str, int]


@dataclass(frozen=True)
class CompartmentView:
    """One of the seven, open or sealed. `own`: the defender reads it back; `in_danger`: they chose that
    the actor may open it when their life is in danger."""

    code: str
    open: bool
    entries: list[Message]
    holders: list[Reader]
    refused: bool
    asked: bool
    own: bool = False
    in_danger: bool = False


@dataclass(frozen=True)
class CaseView:
    """Everything of a case that the actor's keys open."""

    row: QueueRow
    thread: Thread
    compartments: list[CompartmentView]
    may: frozenset[str]


# --- small questions -----------------------------------------------------------------------------
def case_of_defender(defender: ids.Id) -> ids.Id | None:
    """The request that a return code leads to: the one that was not joined to another."""
    rows = Case.objects.filter(id__in=compartments.cases_of(defender)).exclude(state="withdrawn")
    found = sorted(rows, key=lambda row: row.state == "merged")
    return found[0].id if found else None


def defender_of(case: ids.Id) -> ids.Id | None:
    """The principal of a case's defender: who holds the cover as their own."""
    for row in consent.readers(case):
        if row.purpose == consent_rules.OWN and "cover" in row.compartments:
            return row.principal
    return None


def require_colleague(actor: Actor, person: ids.Id) -> None:
    """Refused unless `person` is on staff and can be given work; who relays cannot."""
    if actor.kind != "staff":
        raise Refused
    found = people.colleague(actor, person)
    if found.state != "here" or found.relays:
        raise Refused


# What only the officer of an opened case holds: it goes with the case.
WITH_THE_OFFICER = ("location", "narrative")


def goes_with(actor: Actor, row: Case, to: ids.Id) -> bool:
    """Whether `to` would hold what goes with an opened case, were they its officer. What nobody holds
    any more is no hindrance, for somebody must answer."""
    if row.stage != "case":
        return True
    for compartment in WITH_THE_OFFICER:
        shares = compartments.shares_of(row.id, compartment)
        kinds = staff.kinds(
            {one.principal for one in shares if one.purpose == consent_rules.PROTECTION}
        )
        holders = {one for one, (kind, _) in kinds.items() if kind == "person"}
        if holders and to not in holders and not gate.may_give(actor, row.id, compartment):
            return False
    return True


def agreed_word(actor: Actor, case: ids.Id) -> tuple[str, ids.Id | None]:
    """The word that was agreed with a defender for the day their code is lost (may be empty), and who
    wrote it down. It is compared, and shown to nobody."""
    leave = gate.admit(actor, case, "cover")
    doc = gate.read(leave, COVER, Cover.objects.get(case=case))
    return str(doc["word"]), ids.parse(str(doc.get("word_by", "")))


def against(actor: Actor, case: ids.Id) -> str:
    """Why this person should not be rung up just now (see `rules.against`); nothing if they may."""
    leave = gate.admit(actor, case, "cover")
    reach = gate.read(leave, COVER, Cover.objects.get(case=case))["reach"]
    return rules.against(reach, clock.now().astimezone(zone()))


# --- entries -------------------------------------------------------------------------------------
def _entries(leave: gate.Leave, names: dict[ids.Id, str], *, inside: bool) -> list[Message]:
    """The entries of a compartment, newest first; `inside` also shows colleagues' notes."""
    found, sent = [], _files(leave)
    for row in Entry.objects.filter(case=leave.case, compartment=leave.compartment):
        doc = gate.read(leave, ENTRY, row)
        empty = doc["by"] == "system" and not doc.get("decision")
        if empty or (not inside and doc.get("inside")):
            continue
        author = ids.parse(doc["author"])
        found.append(
            Message(
                id=row.id,
                by=doc["by"],
                author=names.get(author, "") if author and inside else "",
                text=doc["text"],
                at=datetime.fromisoformat(doc["at"]),
                unread=row.unread,
                files=sent.get(row.id, []),
                decision=doc.get("decision", ""),
                level=doc.get("level", 0),
                outcome=doc.get("outcome", ""),
                to=doc.get("to", ""),
                where=doc.get("where", ""),
                against=doc.get("against", ""),
                why=doc.get("why", ""),
                next_step=doc.get("next_step", ""),
            )
        )
    return sorted(found, key=lambda one: one.at, reverse=True)


def _files(leave: gate.Leave) -> dict[ids.Id, list[FileView]]:
    rows = File.objects.filter(case=leave.case, compartment=leave.compartment)
    docs = {row: gate.read(leave, FILE, row) for row in rows}
    copies = {ids.parse(doc["of"]): row.id for row, doc in docs.items() if doc["of"]}
    found: dict[ids.Id, list[FileView]] = {}
    for row, doc in docs.items():
        if not doc["of"]:
            view = FileView(
                row.id, doc["name"], doc["kind"], doc["size"], doc["sha256"], copies.get(row.id)
            )
            found.setdefault(row.entry, []).append(view)
    return found


@dataclass(frozen=True)
class Opened:
    """A file whose content may be read piece by piece."""

    name: str
    kind: str
    size: int
    manifest: dict[str, object]

    def pieces(self) -> Iterator[bytes]:
        """The content; CannotOpen part-way means: throw away what came."""
        return files.read(self.manifest)


def open_file(actor: Actor, case: ids.Id, file: ids.Id) -> Opened:
    """A file of a case, if the actor's keys open its compartment."""
    row = File.objects.filter(id=file, case=case).first()
    if row is None:
        raise NotFound
    leave = gate.admit(actor, case, row.compartment)
    doc = gate.read(leave, FILE, row)
    journal.note("file opened", row.id, copy=bool(doc["of"]))
    return Opened(doc["name"], doc["kind"], doc["size"], doc)


def entries(actor: Actor, case: ids.Id, compartment: str) -> list[Message]:
    """The entries of one compartment as an outside reader gets them: no colleague's name or note."""
    return _entries(gate.admit(actor, case, compartment), {}, inside=False)


def answers(actor: Actor, case: ids.Id) -> dict[tuple[str, str, str], str]:
    """(reader's label, purpose, compartment) -> the defender's newest answer; a condition that was met
    is a yes, one that nobody has made sure of "checked", and one that somebody doubts a no."""
    found: dict[tuple[str, str, str], str] = {}
    for row in consent.records(actor, case):
        said: str = "granted" if row.condition_met else row.answer
        said = "refused" if row.unsure else "checked" if row.to_check else said
        found.setdefault((row.label.casefold(), row.purpose, row.compartment), said)
    return found


# --- readers -------------------------------------------------------------------------------------
def _readers(case: ids.Id, labels: dict[ids.Id, str]) -> list[Reader]:
    rows = [row for row in consent.readers(case) if row.purpose != consent_rules.OWN]
    kinds = staff.kinds({row.principal for row in rows})
    found = []
    for row in rows:
        kind, code = kinds.get(row.principal, ("", ""))
        found.append(
            Reader(
                principal=row.principal,
                kind=kind,
                label=labels.get(row.principal) or code or kind,
                count=len(people.members_of(code)) if kind == "team" else 1,
                purpose=row.purpose,
                until=row.until,
                compartments=row.compartments,
            )
        )
    return found


def reader_label(actor: Actor, case: ids.Id, principal: ids.Id) -> str:
    """What a reader is called on the defender's page."""
    for row in _readers(case, _labels_for_defender(actor, case)):
        if row.principal == principal:
            return row.label
    raise NotFound


def _labels_for_defender(actor: Actor, case: ids.Id) -> dict[ids.Id, str]:
    """Names that a defender may read: those that were used when they were asked for consent."""
    return {row.recipient: row.label for row in consent.records(actor, case) if row.recipient}


# --- the defender's page -------------------------------------------------------------------------
def thread(actor: Actor) -> Thread:
    """The conversation as the defender sees it."""
    if actor.kind != "defender" or actor.case is None:
        raise Refused
    row = Case.objects.filter(id=actor.case).first()
    if row is None:
        raise NotFound
    leave = gate.admit(actor, row.id, "correspondence")
    labels = _labels_for_defender(actor, row.id)
    found = _thread(actor, row, _entries(leave, {}, inside=False), labels)
    return replace(
        found,
        parts=_parts(actor, row),
        choices=choices(found.consents, row.stage),
        again=again(found.consents),
        code_seen=actor.ring.seen,
    )


def _parts(actor: Actor, row: Case) -> list[Part]:
    mine = {one.compartment for one in gate.held_by(row.id, actor.id)} & set(LATER)
    return [
        Part(one, entries(actor, row.id, one))
        for one in LATER
        if one in mine and gate.holds(actor, row.id, one)
    ]


def _thread(actor: Actor, row: Case, messages: list[Message], labels: dict[ids.Id, str]) -> Thread:
    return Thread(
        case=row.id,
        state=row.state,
        stage=row.stage,
        due_at=row.due_at,
        messages=messages,
        readers=_readers(row.id, labels),
        disclosures=consent.disclosures(actor, row.id),
        consents=consent.records(actor, row.id),
        overrides=consent.overrides(actor, row.id),
        resealing_since=compartments.pending_since(row.id),
    )


# --- the desk ------------------------------------------------------------------------------------
def queue(actor: Actor, *, show: str = "open", after: str = "", size: int = PAGE) -> Queue:
    """A page of the queue, nearest deadline first; only requests whose cover the actor opens.

    `show`: open, mine, free, waiting (for the defender), done. `after`: place from the page before.
    """
    if actor.kind != "staff":
        raise Refused
    names = people.names(actor)
    rows = _shown(show, actor)
    page: list[QueueRow] = []
    place, more = after, size + 1
    # Rows whose cover the actor does not open are passed over, so a page may need another look.
    while chunk := _following(rows, place, more):
        shown = {row.case: row for row in _rows(actor, chunk, names)}
        for row in chunk:
            if len(page) == size:
                return Queue(page, place, counts(actor))
            place = _place(row)
            if row.id in shown:
                page.append(shown[row.id])
        if len(chunk) < more:
            break
        more = min(2 * more, LOOK)
    return Queue(page, "", counts(actor))


LOOK = 1000  # rows at most that are looked at in one go


def _following(rows: QuerySet[Case], place: str, count: int) -> list[Case]:
    """The rows after a place: those with an hour, the nearest first, then those without."""
    due, last = _of_place(place)
    found: list[Case] = []
    if due or not last:
        dated = rows.filter(due_at__isnull=False)
        if last:
            dated = dated.filter(Q(due_at__gt=due) | Q(due_at=due, id__gt=last))
        found = list(dated.order_by("due_at", "id")[:count])
    if len(found) < count:
        undated = rows.filter(due_at=None)
        if last and not due:
            undated = undated.filter(id__gt=last)
        found += list(undated.order_by("id")[: count - len(found)])
    return found


def _shown(show: str, actor: Actor) -> QuerySet[Case]:
    rows = Case.objects.filter(state__in=rules.OPEN)
    if show == "mine":
        return rows.filter(owner=actor.id)
    if show == "free":
        return rows.filter(owner=None)
    if show == "waiting":
        return rows.filter(state="answered")
    if show == "done":
        return Case.objects.exclude(state__in=rules.OPEN).exclude(state="withdrawn")
    return rows


def _place(row: Case) -> str:
    due = row.due_at.astimezone(UTC).isoformat() if row.due_at else ""
    return f"{due}~{row.id}"


def _of_place(place: str) -> tuple[datetime | None, ids.Id | None]:
    """(hour, id) of a row's place; of the beginning, neither. NotFound for anything else."""
    if not place:
        return None, None
    due, _, last = place.partition("~")
    row = ids.parse(last)
    try:
        # In an address a plus sign may have become a space.
        moment = datetime.fromisoformat(due.replace(" ", "+")) if due else None
    except ValueError:
        raise NotFound from None
    if row is None or (moment is not None and moment.tzinfo is None):
        raise NotFound
    return moment, row


def counts(actor: Actor) -> dict[str, int]:
    """How many requests each view of the queue holds, opened or not."""
    # Columns of one index only, so that no row is looked at.
    return Case.objects.filter(state__in=rules.OPEN).aggregate(
        open=Count("state"),
        mine=Count("state", filter=Q(owner=actor.id)),
        free=Count("state", filter=Q(owner=None)),
        waiting=Count("state", filter=Q(state="answered")),
        unread=Count("state", filter=Q(unread__gt=0)),
    )


def _rows(actor: Actor, rows: list[Case], names: dict[ids.Id, str]) -> list[QueueRow]:
    leaves = gate.admit_many(actor, [row.id for row in rows], "cover")
    covers = {cover.case: cover for cover in Cover.objects.filter(case__in=leaves)}
    found = []
    for row in rows:
        if row.id in covers:
            doc = gate.read(leaves[row.id], COVER, covers[row.id])
            found.append(_queue_row(row, doc, names, actor))
    return found


def _queue_row(
    row: Case, doc: dict[str, object], names: dict[ids.Id, str], actor: Actor
) -> QueueRow:
    return QueueRow(
        case=row.id,
        name=str(doc["name"]),
        state=row.state,
        stage=row.stage,
        level=row.level,
        due_at=row.due_at,
        language=str(doc["language"]),
        way=str(doc["way"]),
        owner=names.get(row.owner, "") if row.owner else "",
        mine=row.owner == actor.id,
        unread=row.unread,
        version=row.version,
        reach=list(doc["reach"]),  # type: ignore[call-overload]
        where=str(doc.get("where", "")),
        relay=str(doc.get("relay", "")),
        second=second.other(doc, "second"),
        second_of=second.other(doc, "second_of"),
    )


def case(actor: Actor, case_id: ids.Id) -> CaseView:
    """A request or case, as far as the actor's keys open it; NotFound without its cover."""
    row = Case.objects.filter(id=case_id).first()
    if actor.kind != "staff" or row is None:
        raise NotFound
    names = people.names(actor)
    shown = _rows(actor, [row], names)
    if not shown:
        journal.note("refused", case_id, deed="read", compartment="cover")
        raise NotFound
    labels = names | _labels_for_defender(actor, case_id)
    messages: list[Message] = []
    if gate.holds(actor, case_id, "correspondence"):
        leave = gate.admit(actor, case_id, "correspondence")
        messages = _entries(leave, names, inside=True)
    thread_ = _thread(actor, row, messages, labels)
    return CaseView(
        row=shown[0],
        thread=thread_,
        compartments=_compartments(actor, row, names, thread_),
        may=_may(actor, row) | (TO_RELAY if shown[0].relay and row.state != "withdrawn" else set()),
    )


def _compartments(
    actor: Actor, row: Case, names: dict[ids.Id, str], thread_: Thread
) -> list[CompartmentView]:
    if row.stage != "case":
        return []
    found, own = [], {one.compartment for one in gate.held_as_own(row.id)}
    for code in compartments.COMPARTMENTS[1:]:
        holds = gate.holds(actor, row.id, code)
        entries = []
        if holds and code != "cover":
            entries = _entries(gate.admit(actor, row.id, code), names, inside=True)
        answers = {
            one.answer
            for one in thread_.consents
            if one.compartment == code and one.purpose in consent_rules.PURPOSES
        }
        found.append(
            CompartmentView(
                code=code,
                open=holds,
                entries=entries,
                holders=[one for one in thread_.readers if code in one.compartments],
                refused="refused" in answers and not holds,
                asked="asked" in answers and not holds,
                own=code in own,
                in_danger=not holds and gate.opens_in_danger(actor, row.id, code),
            )
        )
    return found


def _may(actor: Actor, row: Case) -> frozenset[str]:
    """Which verbs make sense now; the services check again."""
    if row.state in {"withdrawn", "merged"}:
        return frozenset()
    if row.state not in rules.OPEN:
        return frozenset({"reopen", "reply"})
    verbs = {"reply", "log", "decline", "refer", "merge", "spam", "reassign", "level", "close"}
    if row.owner != actor.id and goes_with(actor, row, actor.id):
        verbs.add("take")
    if row.stage == "request":
        verbs |= {"open", "relink"}
    else:
        verbs -= {"spam", "merge"}
    return frozenset(verbs)
