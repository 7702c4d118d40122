"""What `amparo doctor` looks at: each check says OK, WARN or FAIL, and the sentence that mends it."""

import shutil
import smtplib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from amparo.cli import answers, house, process
from amparo.cli.carriers import carriers, gateways, trial
from amparo.cli.findings import FAIL, OK, WARN, Check, Finding, counted
from amparo.cli.founding import SECRETS
from amparo.foundation import clock
from amparo.foundation.config import MIB, Config, config

GIB = 1024 * MIB
RESEAL_PATIENCE = timedelta(days=1)
MAIL_PATIENCE = 5  # seconds
APART = 2  # seconds between two clocks


# --- without an installation ---------------------------------------------------------------------
def options(settings: Config) -> Iterator[Finding]:
    """Values that cannot work, whatever else is right."""
    given = {name: value for name, value in vars(settings).items() if name not in NOT_WRITTEN}
    wrong = answers.wrong_options(given)
    file = house.settings_file()
    if wrong:
        yield Finding("configuration", FAIL, wrong, f"Change it in {file}.")
    elif not file.is_file():
        yield Finding("configuration", OK, f"defaults; there is no {file}")
    else:
        yield Finding("configuration", OK, str(file))


NOT_WRITTEN = {"data"}


def hashing(settings: Config) -> Iterator[Finding]:
    """The cost of a guessed passphrase."""
    if settings.hash_level == "a1":
        yield Finding("passphrase hashing", OK, "a1: Argon2id, 256 MiB, 3 passes")
    elif settings.hash_level == "a0" and settings.sample:
        yield Finding("passphrase hashing", OK, "a0, for the sample organisation")
    else:
        yield Finding(
            "passphrase hashing",
            FAIL,
            f"{settings.hash_level}: passphrases are cheap to guess",
            'Set hash_level = "a1" and have everybody change their passphrase.',
        )


def transport(settings: Config) -> Iterator[Finding]:
    """Whether pages are read on their way."""
    if settings.secure:
        yield Finding(
            "https", OK, f"pages are reached by https or onion: {', '.join(settings.sites)}"
        )
    else:
        yield Finding(
            "https",
            WARN,
            "pages may be read on their way; cookies are not marked as secure",
            "Put a proxy or an onion service before it (`amparo init --print`), set secure = true.",
        )


def memory(_: Config) -> Iterator[Finding]:
    """Whether keys in memory could reach a disk."""
    swap = process.swap()
    if swap:
        yield Finding(
            "swap",
            WARN,
            f"memory may be written to {', '.join(swap)}",
            "Switch swap off or encrypt it; the systemd unit keeps Amparo out of it.",
        )
    else:
        yield Finding("swap", OK, "memory is not written to disk")
    process.harden()
    if process.dumps_core():
        yield Finding(
            "core dumps",
            WARN,
            "a crash could write memory to disk",
            "Run Amparo from the systemd unit (`amparo init --print`), which forbids it.",
        )
    else:
        yield Finding("core dumps", OK, "off in every process of the server")


def the_clock(settings: Config) -> Iterator[Finding]:
    """A clock that is far off breaks deadlines, second factors and the journal."""
    built = Path(__file__).stat().st_mtime
    if clock.now().timestamp() < built - 24 * 3600:
        yield Finding(
            "clock",
            FAIL,
            f"the machine says {clock.now():%Y-%m-%d %H:%M} UTC, before this program was installed",
            "Set the clock (timedatectl set-ntp true); second factors depend on it.",
        )
    else:
        desk = clock.now().astimezone(ZoneInfo(settings.time_zone))
        told = f"{clock.now():%Y-%m-%d %H:%M} UTC"
        if settings.time_zone != "UTC":
            told += f"; the desk shows {desk:%H:%M} ({settings.time_zone})"
        yield Finding("clock", OK, told)


def disk(settings: Config) -> Iterator[Finding]:
    """Whether calls for help can still be taken in."""
    folder = settings.data
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    room = f"{free / GIB:.1f} GiB free, {settings.free_disk / GIB:.1f} GiB are kept free"
    if free <= settings.free_disk:
        yield Finding("disk", FAIL, f"{room}: nothing is taken in", "Make room on this disk.")
    elif free <= 3 * settings.free_disk:
        yield Finding("disk", WARN, room, "Make room soon: below the limit nothing is taken in.")
    else:
        yield Finding("disk", OK, room)


def cryptography(_: Config) -> Iterator[Finding]:
    """The library's hybrid key encapsulation, tried now."""
    try:
        house.set_up()  # the vault tries it before anything else may start
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
        yield Finding(
            "hybrid KEM",
            FAIL,
            f"the self-test failed ({type(error).__name__})",
            "Install the locked version of `cryptography` (make setup).",
        )
    else:
        yield Finding("hybrid KEM", OK, "ML-KEM-768 with X25519 seals and opens")


# --- with one ------------------------------------------------------------------------------------
def founded(settings: Config) -> Iterator[Finding]:
    """Whether there is an installation at all."""
    if house.keys_file().is_file():
        yield Finding("installation", OK, str(settings.data))
    else:
        yield Finding(
            "installation", FAIL, f"there is none in {settings.data}", "Run `amparo init`."
        )


def permissions(settings: Config) -> Iterator[Finding]:
    """Whether other users of the machine may look in."""
    file = house.keys_file()
    if house.readable_by_others(file):
        yield Finding(
            "server keys", FAIL, f"others on this machine can read {file}", f"chmod 600 {file}"
        )
    else:
        yield Finding("server keys", OK, "for this user only")
    places = [settings.data, *settings.data.glob("*.sqlite3"), house.settings_file()]
    odd = [path for path in places if path.exists() and house.readable_by_others(path)]
    if odd:
        names = " ".join(str(path) for path in odd)
        yield Finding("permissions", WARN, f"others may look into {names}", f"chmod go= {names}")
    else:
        yield Finding("permissions", OK, "folder, databases and configuration are closed")


def ownership(settings: Config) -> Iterator[Finding]:
    """Whether the service can read what is there; silent where all is in one hand."""
    owner = settings.data.stat().st_uid
    places = [house.keys_file(), settings.data / "files", *settings.data.glob("*.sqlite3*")]
    strange = [path for path in places if path.exists() and path.stat().st_uid != owner]
    if strange:
        names, whose = " ".join(map(str, strange)), process.name_of(owner)
        yield Finding(
            "ownership",
            FAIL,
            f"{settings.data} belongs to {whose}, but not {names}: the service cannot read it",
            f"As root: chown {whose}: {names}",
        )


def handed_out(settings: Config) -> Iterator[Finding]:
    """The file of an unattended founding."""
    file = settings.data / SECRETS
    if file.exists():
        yield Finding(
            "first secrets",
            FAIL,
            f"{file} still holds everybody's passphrase",
            f"Give each part to its person, then: shred -u {file}",
        )


def databases(_: Config) -> Iterator[Finding]:
    """Whether both answer, and whether their tables are those of this version."""
    from amparo.foundation import tables

    for name in tables.DATABASES:
        label = "data" if name == "default" else "keys"
        try:
            version, behind = tables.version(name), tables.unapplied(name)
        except Exception as error:  # noqa: BLE001 - each driver has its own
            yield Finding(
                f"database of {label}",
                FAIL,
                f"it does not answer ({type(error).__name__})",
                f"Look at {'database_url' if label == 'data' else 'keystore_url'} and the server.",
            )
            continue
        if behind:
            yield Finding(
                f"database of {label}",
                FAIL,
                f"{version}; {counted(len(behind), 'migration is', 'migrations are')} missing: "
                f"{', '.join(behind[:3])}",
                "Stop Amparo, take a copy, run `amparo manage migrate` for both databases.",
            )
            continue
        yield Finding(f"database of {label}", OK, f"{version}; tables of this version")
        apart = tables.apart(name)
        if abs(apart) > APART:
            yield Finding(
                f"clock of the database of {label}",
                FAIL,
                f"{abs(apart):.0f} s {'ahead of' if apart > 0 else 'behind'} this machine's",
                "Set both by the network: engines whose clocks differ send what another is sending.",
            )


def officers(settings: Config) -> Iterator[Finding]:
    """Founders, and whether two people are left who can act together."""
    from amparo.vault import watch

    found = watch.officers()
    if not found.founders:
        yield Finding(
            "founders",
            FAIL,
            "no fingerprint is pinned: nobody can be trusted",
            "The founding was broken off: remove the folder, then `amparo init` once more.",
        )
    elif found.missing:
        yield Finding(
            "founders",
            FAIL,
            f"{counted(len(found.missing), 'pinned fingerprint belongs', 'pinned fingerprints belong')}"
            f" to no key: {found.missing[0]} …",
            "Somebody has changed server.keys or the key store: restore both from one moment.",
        )
    else:
        shown = "pinned" + "".join(
            "\n" + " ".join(one[at : at + 4] for at in range(0, 40, 4)) for one in found.founders
        )
        yield Finding("founders", OK, shown)
    told = f"{found.present} can sign in, {counted(found.waiting, 'waits', 'wait')} for a welcome"
    if found.present < 2 and not settings.sample:
        yield Finding(
            "officers",
            WARN,
            told,
            "Invite a second person: what needs two cannot be done, and nobody could replace one.",
        )
    else:
        yield Finding("officers", OK, told)


def locked(_: Config) -> Iterator[Finding]:
    """The raid button."""
    from amparo.vault import server

    if server.locked_down():
        yield Finding(
            "lockdown",
            FAIL,
            "locked down: nothing is taken in, nobody is told anything",
            "When the danger is over: `amparo lockdown --lift`.",
        )


def heartbeat(_: Config) -> Iterator[Finding]:
    """Whether an engine works, seen from what it leaves undone."""
    from amparo.foundation import engines, watch

    runs, found = engines.alive(), watch.waiting()
    if not runs:
        yield Finding("engine", FAIL, "no engine runs", "Start Amparo: `amparo up`.")
    elif found.late:
        yield Finding(
            "engine",
            FAIL,
            f"{counted(found.late, 'announcement has', 'announcements have')} been due for minutes",
            "Restart Amparo; if they stay, look at what the service writes to its log.",
        )
    else:
        yield Finding("engine", OK, "it beats" if runs == 1 else f"{runs} beat")


def unfinished(_: Config) -> Iterator[Finding]:
    """Deeds across both databases, announcements, notices that got stuck."""
    from amparo.foundation import watch
    from amparo.messages import jobs as messages

    found, lost = watch.waiting(), messages.undeliverable()
    if found.half_done:
        yield Finding(
            "operations",
            WARN,
            f"{counted(found.half_done, 'deed is', 'deeds are')} half done past their time",
            "A running engine finishes or undoes them within a minute: is there one?",
        )
    else:
        yield Finding("operations", OK, "none is half done")
    if found.stuck:
        yield Finding(
            "announcements",
            WARN,
            f"{found.stuck} failed five times and are not tried again",
            "Report it with the log of the service: a listener is at fault.",
        )
    else:
        yield Finding("announcements", OK, "none is stuck")
    if lost:
        yield Finding(
            "notices",
            WARN,
            f"{lost} could be given to nobody",
            "Look at the mail options; colleagues look at their address in their settings.",
        )
    else:
        yield Finding("notices", OK, "none is undeliverable")


def resealing(_: Config) -> Iterator[Finding]:
    """Old content that still lies under a key that somebody has lost the right to."""
    from amparo.vault import watch

    found = watch.resealing()
    if found.since is None:
        yield Finding("re-sealing", OK, "nothing waits")
        return
    told = f"{counted(found.count, 'compartment waits', 'compartments wait')} since {found.since}"
    if clock.today() - found.since > RESEAL_PATIENCE:
        yield Finding(
            "re-sealing",
            WARN,
            told,
            "Somebody who holds them opens these cases once; the page re-seals as it opens.",
        )
    else:
        yield Finding("re-sealing", OK, told)


def the_journal(_: Config) -> Iterator[Finding]:
    """Whether the journal is whole, and does not come from the future."""
    from amparo.foundation import watch
    from amparo.vault import log

    found, verdict = watch.waiting(), log.verify(log.export(), public=log.public_key())
    if not verdict.ok:
        place = "" if verdict.first_bad is None else f"entry {verdict.first_bad}: "
        yield Finding(
            "journal",
            FAIL,
            f"{place}{verdict.reason}",
            "Keep the machine as it is; compare with a checkpoint that was kept elsewhere.",
        )
    elif found.newest and found.newest > clock.today():
        yield Finding(
            "journal",
            FAIL,
            f"its newest entry is of {found.newest}, which has not come yet",
            "Set the clock; it stood in the future once.",
        )
    else:
        yield Finding(
            "journal",
            OK,
            f"{counted(verdict.entries, 'entry', 'entries')}, {found.entries} not sealed yet",
        )


def channels(settings: Config) -> Iterator[Finding]:
    """Whether notices can leave."""
    if not settings.smtp_host:
        yield Finding(
            "mail",
            WARN,
            "no mail server: nobody is told that a call has come in",
            "Set smtp_host, or have somebody look at the desk all the time.",
        )
        return
    if not settings.notice_at_once:
        yield Finding(
            "notices at once",
            WARN,
            f"staff are told at {settings.notice_hour} only, whatever comes in between",
            "Set notice_at_once = true, or have somebody look at the desk all the time.",
        )
    place = f"{settings.smtp_host}:{settings.smtp_port}"
    try:
        with smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=MAIL_PATIENCE) as server:
            server.ehlo("localhost")
            safe = not settings.smtp_tls or server.has_extn("starttls")
    except (OSError, smtplib.SMTPException) as error:
        yield Finding(
            "mail",
            FAIL,
            f"{place} does not answer ({type(error).__name__})",
            "Look at smtp_host and smtp_port, and whether this machine may reach it.",
        )
        return
    if safe:
        yield Finding("mail", OK, f"{place} answers")
    else:
        yield Finding(
            "mail",
            FAIL,
            f"{place} offers no STARTTLS, so nothing is sent",
            "Take another port or server; smtp_tls = false only for one on this machine.",
        )


def alarms(_: Config) -> Iterator[Finding]:
    """What should ring and does not."""
    from amparo.alerts import queries
    from amparo.messages import ringing
    from amparo.people import queries as people
    from amparo.people.rules import INTAKE

    found = queries.audit()
    if not ringing.can_ring(people.members_of(INTAKE)):
        yield Finding(
            "who is rung",
            WARN,
            "nobody of the intake team has set an address: a press reaches the desk's pages only",
            "Somebody on duty sets one under Settings, “How you are told”.",
        )
    yield from _duty()
    late = {what: count for what, count in found.items() if count and what in queries.URGENT}
    if late:
        yield Finding(
            "alarms",
            FAIL,
            "late or standing still: " + ", ".join(f"{n} {what}" for what, n in late.items()),
            "Look at /desk/alarms now; restart Amparo, and look at what the service logs.",
        )
    else:
        yield Finding("alarms", OK, "none is late")
    stands = ringing.standing()
    if stands.held and stands.held_until:
        yield Finding(
            "held back",
            WARN,
            f"{counted(stands.held, 'message waits', 'messages wait')} until"
            f" {stands.held_until:%H:%M} UTC for what an account allows",
            "Raise per_minute in gateways.toml if the provider allows more, or add a gateway.",
        )
    if stands.untaken or stands.unreported:
        yield Finding(
            "messages of alarms",
            WARN,
            f"{stands.untaken} taken by no channel, {stands.unreported} not known to have arrived",
            "Look at /desk/alarms; somebody rings these people up.",
        )


def _duty() -> Iterator[Finding]:
    """The roster's next two weeks; nothing where there is none, for then everybody is rung."""
    from amparo.alerts import roster

    told = {
        "gap": "hours with nobody on duty",
        "left": "turns of somebody who has left",
        "on leave": "turns of somebody who is on leave, without a cover",
        "no route": "somebody on duty who has not said how they are told",
    }
    lacks = {one.what for one in roster.lacks()}
    if roster.nobody_is_on():
        yield Finding("on duty", FAIL, "nobody is on duty now", "Put somebody on at /desk/duty.")
    elif lacks:
        shown = "; ".join(told[one] for one in sorted(lacks))
        yield Finding("on duty", WARN, f"in the next two weeks: {shown}", "Look at /desk/duty.")
    elif roster.present() is not None:
        yield Finding("on duty", OK, "somebody is on for the next two weeks")


def packs(_: Config) -> Iterator[Finding]:
    """Playbooks and other packs: how many there are, and which files were refused."""
    from amparo.casework import playbooks  # noqa: F401 - it makes its kind known
    from amparo.foundation import packs as loader

    for kind in loader.kinds():
        found = loader.load(kind)
        own = sum(one.own for one in found.packs.values())
        told = f"{len(found.packs)} of the kind {kind.name}, {own} of them your own"
        for fault in found.faults:
            yield Finding(
                "packs",
                WARN,
                f"{fault.file} is refused: {fault.place} is to be {fault.right}",
                f"Mend it in {loader.own_folder(kind)}; the one that ships is used until then.",
            )
        if not found.faults:
            yield Finding("packs", OK, told)


def translations(settings: Config) -> Iterator[Finding]:
    """Languages whose safety texts nobody has read for this organisation."""
    unread = [one for one in settings.languages if one != "en" and one not in settings.reviewed]
    if unread:
        yield Finding(
            "translations",
            WARN,
            f"nobody has marked the safety texts as read: {', '.join(unread)}; English stands beside",
            f"Have a person of the language read them: `amparo locale review {unread[0]}`.",
        )
    else:
        yield Finding("translations", OK, f"read: {', '.join(settings.languages)}")


def backups(settings: Config) -> Iterator[Finding]:
    """There are none yet, and nobody should think there are."""
    if not settings.sample:
        yield Finding(
            "backups",
            WARN,
            "sealed backups are not built yet",
            "Until then: stop Amparo and copy the folder to an encrypted disk. A copy also keeps "
            "what is erased later, so keep it for days, not for years.",
        )


ALWAYS: tuple[Check, ...] = (
    founded, options, hashing, transport, memory, the_clock, disk, cryptography,
)  # fmt: skip
FOUNDED: tuple[Check, ...] = (permissions, ownership, handed_out, databases)
INSIDE: tuple[Check, ...] = (
    officers, locked, heartbeat, trial, alarms, unfinished, resealing, the_journal, channels,
    gateways, carriers, packs, translations, backups,
)  # fmt: skip


def run() -> Iterator[Finding]:
    """All checks that make sense here, in the order in which a person would look."""
    settings = config()
    for check in ALWAYS:
        yield from check(settings)
    if not house.keys_file().is_file():
        return
    house.set_up()
    whole = True
    for check in FOUNDED:
        for finding in check(settings):
            closed = finding.check == "ownership" or finding.check.startswith("database")
            whole = whole and not (closed and finding.status == FAIL)
            yield finding
    # Whatever asks a table would only say again that there is none, or that it may not.
    for check in INSIDE if whole else ():
        yield from check(settings)
