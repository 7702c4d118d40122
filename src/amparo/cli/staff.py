"""People who join and leave, from the shell."""

from typing import TYPE_CHECKING

import click
from rich.text import Text

from amparo.cli import house, process, voice
from amparo.cli.manual import Group, command, json_option
from amparo.cli.signing import as_officer
from amparo.foundation.actor import SYSTEM, Actor
from amparo.foundation.config import Config, config
from amparo.foundation.errors import Conflict, NotFound

if TYPE_CHECKING:
    from amparo.people.queries import Alone, Colleague

TEAMS = ("intake", "auditors", "coordination", "legal", "care", "finance", "release", "relay")
yes_option = click.option("--yes", is_flag=True, help="Do it without asking once more.")


@click.group("staff", cls=Group)
def staff() -> None:
    """Invite, let go, lock out, list.

    Joining and leaving need a key: the command asks for your sign-in name, your passphrase and six
    digits. Locking somebody out needs none, only this shell.
    """


@command(
    "invite",
    examples=[
        ("amparo staff invite 'Amal K.' --team intake", "One link for one person, for 48 hours."),
    ],
    see=["amparo staff leave", "the desk's page of people"],
)
@click.argument("name")
@click.option(
    "--team", "teams", multiple=True, type=click.Choice(TEAMS), help="A team to join; repeatable."
)
@click.option("--hours", type=click.IntRange(1, 720), default=48, help="How long it works [48].")
@json_option
def invite(name: str, teams: tuple[str, ...], hours: int, as_json: bool) -> None:
    """Invite a new colleague.

    Prints a link that works once. Give it to them in person or by a channel that you trust. They
    choose a passphrase and a second device; then somebody of the coordination team compares the
    fingerprint of their key with them, by voice, and welcomes them at the desk. Until then they
    open nothing. A seat in the release group is given by a second person of that group, not by who
    welcomed them.
    """
    with as_officer() as actor:
        from django.urls import reverse

        from amparo.people import services as people

        token = people.invite(actor, name=name, teams=list(teams), hours=hours)
        link = reverse("desk:invitation", args=[token])
    settings = config()
    place = _place(settings)
    if as_json:
        voice.as_json({"ok": True, "link": f"{place}{link}", "hours": hours})
        return
    click.echo(f"{place}{link}")
    voice.say(f"It works once, for {hours} hours. Give it to {name} and to nobody else.")


def _place(settings: Config) -> str:
    """Where colleagues reach the desk: an onion address needs no certificate, and has none."""
    if not settings.secure:
        return f"http://localhost:{settings.port}"
    site = settings.sites[0]
    return f"{'http' if site.endswith('.onion') else 'https'}://{site}"


losing_option = click.option(
    "--losing", is_flag=True, help="Let what nobody else could open be lost for ever."
)


@command(
    "leave",
    examples=[
        ("amparo staff leave 'Tomas R.'", "Their keys open nothing that comes after."),
        ("amparo staff leave 'Tomas R.' --losing", "Also if only they hold something."),
    ],
    see=["amparo staff lock-out", "amparo staff leave-team"],
)
@click.argument("name")
@yes_option
@losing_option
@json_option
def leave(name: str, yes: bool, losing: bool, as_json: bool) -> None:
    """Let somebody go.

    Their sessions end and their lock is destroyed. Each team that they were in gets a new key for
    those who stay, and every compartment that they or those teams held is turned, so that nothing
    written from now on opens with what they may have kept. You must be in all of their teams.

    What nobody else could open is listed first, to be handed over. Whoever goes on nevertheless
    loses it for ever, and is asked for that a second time.
    """
    with as_officer() as actor:
        from amparo.people import queries
        from amparo.people import services as people
        from amparo.vault import staff as seats

        found = _colleague(actor, name)
        # Somebody who was locked out holds no lock any more, but still a seat in their teams.
        holder = seats.holders().get(found.id)
        if found.state == "left" and not (holder and holder.teams):
            raise Conflict(f"{name} has left already")
        if not yes:
            click.confirm(f"{found.name} leaves, for good?", abort=True, err=True)
        loses = _knowingly(actor, queries.alone(actor, found.id), losing, ask=not yes)
        people.leave(actor, found.id, losing=loses)
    if as_json:
        voice.as_json({"ok": True, "name": found.name, "teams": found.teams})
        return
    voice.step(f"{found.name} has left; sessions are ended, keys are turned")
    voice.say("  Old content is re-sealed as colleagues open it; `amparo doctor` shows what waits.")


@command(
    "leave-team",
    examples=[("amparo staff leave-team 'Tomas R.' legal", "The team gets a new key.")],
    see=["amparo staff leave"],
)
@click.argument("name")
@click.argument("team", type=click.Choice(TEAMS))
@yes_option
@losing_option
@json_option
def leave_team(name: str, team: str, yes: bool, losing: bool, as_json: bool) -> None:
    """Take somebody out of one team.

    Those who stay get a new key, and what the team holds is turned. You must be in the team. What
    nobody could open any more is listed first.
    """
    with as_officer() as actor:
        from amparo.people import queries
        from amparo.people import services as people

        found = _colleague(actor, name)
        if team not in found.teams:
            raise NotFound(f"{name} is not in that team")
        if not yes:
            click.confirm(f"{found.name} leaves the team {team}?", abort=True, err=True)
        alone = queries.alone(actor, found.id, team=team)
        loses = _knowingly(actor, alone, losing, ask=not yes)
        people.leave_team(actor, found.id, team, losing=loses)
    if as_json:
        voice.as_json({"ok": True, "name": found.name, "team": team})
        return
    voice.step(f"{found.name} has left the team {team}; its key is turned")


def _colleague(actor: Actor, name: str) -> "Colleague":
    from amparo.people import queries

    found = [one for one in queries.colleagues(actor) if _same(one.name, name)]
    if not found:
        raise NotFound(f"there is no colleague called {name}")
    if len(found) > 1:
        raise Conflict(f"{len(found)} colleagues are called {name}: do it at the desk")
    return found[0]


def _knowingly(actor: Actor, alone: "Alone", losing: bool, *, ask: bool) -> bool:
    """Whether to go on although something is lost: shown first, and asked for a second time."""
    if not alone:
        return False
    from amparo.casework import titles

    names = titles.titles(actor) if alone.parts else {}
    voice.say("Nobody else could open these. Hand them over first:")
    for case, compartment in alone.parts:
        voice.say(f"  {names.get(case.hex, 'a case')}: {compartment}")
    for team in alone.teams:
        voice.say(f"  the team {team}: too few would be left")
    if not losing and ask:
        click.confirm("Go on, and lose them for ever?", abort=True, err=True)
    # Without a person to ask, the service says no.
    return losing or ask


def _same(one: str, other: str) -> bool:
    return " ".join(one.casefold().split()) == " ".join(other.casefold().split())


@command(
    "lock-out",
    examples=[("amparo staff lock-out tomas", "At once, without anybody's passphrase.")],
    see=["amparo staff leave", "amparo lockdown"],
    urgent=True,
)
@click.argument("name", metavar="SIGN-IN-NAME")
@yes_option
@json_option
def lock_out(name: str, yes: bool, as_json: bool) -> None:
    """Lock somebody out at once.

    Every session of theirs ends and their lock and second devices are destroyed: they cannot sign
    in again, and nobody can undo it; they would be invited anew. It needs no passphrase, so it also
    works when a person is under pressure and nobody else is near. Afterwards a colleague lets them
    go with `amparo staff leave`, which turns the keys.
    """
    process.harden()
    house.open_house()
    from amparo.foundation import journal
    from amparo.people import services as people
    from amparo.vault import watch

    with journal.unit(SYSTEM):
        person = watch.person_called(name)
        if not yes:
            click.confirm(
                f"Lock {name} out? Their lock is destroyed for good.", abort=True, err=True
            )
        ended = people.lock_out(person)
    if as_json:
        voice.as_json({"ok": True, "sessions": ended})
        return
    voice.step(f"{name} is locked out; {ended} session{'' if ended == 1 else 's'} ended")
    voice.say(
        "  Their teams' keys are not turned yet: a colleague does that, `amparo staff leave`."
    )


@command("list", see=["amparo staff invite"])
@json_option
def listing(as_json: bool) -> None:
    """List colleagues, their teams and fingerprints.

    Names are sealed to the staff, so this asks you to sign in.
    """
    with as_officer() as actor:
        from amparo.people import queries

        found = queries.colleagues(actor)
    if as_json:
        rows = [
            {
                "name": one.name,
                "state": one.state,
                "teams": one.teams,
                "fingerprint": one.fingerprint,
            }
            for one in found
        ]
        voice.as_json({"ok": True, "staff": rows})
        return
    console = voice.out()
    for one in found:
        groups = " ".join(one.fingerprint[at : at + 4] for at in range(0, 40, 4)).strip()
        teams = ", ".join(team for team in one.teams if team != "house")
        console.print(Text(one.name, "name") + Text(f"  {one.state}  ") + Text(teams, "soft"))
        if groups:
            console.print(Text(f"    {groups}"))


for one in (invite, leave, leave_team, lock_out, listing):
    staff.add_command(one)
