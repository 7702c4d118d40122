"""Scenes of the organisation: founding, and colleagues who join."""

from amparo.proofs.demo.browser import Browser
from amparo.proofs.demo.play import Play, expect, said, scene
from amparo.vault import sample

HOUSE = "The house"


@scene(HOUSE, "two officers found it: keys, two databases, pinned fingerprints")
def found(play: Play) -> str:
    made = play.stage.found()
    expect(made["ok"] is True and len(made["officers"]) == 2, "init made no two officers")
    prints = [one["fingerprint"] for one in made["officers"]]
    return f"fingerprints {prints[0][:4]} {prints[0][4:8]} … and {prints[1][:4]} {prints[1][4:8]} …"


@scene(HOUSE, "web and engine start in one process")
def start(play: Play) -> str:
    seconds = play.stage.start()
    return f"first page answered after {seconds:.2f} s, on {play.stage.port}"


@scene(HOUSE, "an officer signs in: passphrase opens the key, six digits open the door")
def sign_in(play: Play) -> str:
    wrong = play.officer("ines").get("/desk/queue")
    expect(wrong.path == "/desk/sign-in", "the queue opened to nobody")
    refused = play.sign_in("ines", passphrase="these are not the words of anybody")
    expect(refused.status == 422, f"a wrong passphrase: {said(refused)}")
    del play.signs["ines"]  # refused digits are not used up
    queue = play.sign_in("ines")
    expect(queue.path == "/desk/queue", f"signing in: {said(queue)}")
    other = play.sign_in("ruth")
    expect(other.path == "/desk/queue", f"signing in: {said(other)}")
    return "a wrong passphrase gets the same answer as a wrong name or wrong digits"


def _join(play: Play, name: str, *teams: str) -> None:
    """Invitation, first page, fingerprint read out, welcome, and a second person's look."""
    person = next(one for one in sample.PEOPLE if one.sign_in == name)
    shown = play.fill("ines", "/desk/people/invite", "name", name=person.name, teams=list(teams))
    link = next((form.fields for form in shown.forms if "link" in form.fields), {}) or {
        "link": [_shown_link(shown.body.decode())]
    }
    newcomer = Browser(play.stage.port, keeps_cookies=True)
    door = newcomer.get("/" + link["link"][0].split("/", 3)[3])
    page = newcomer.send(door, door.form("csrfmiddlewaretoken"))
    form = page.form("sign_in", "passphrase", "again", "second")
    made = newcomer.send(
        page,
        form,
        sign_in=name,
        passphrase=person.passphrase,
        again=person.passphrase,
        secret=person.secret,  # the sample's second device, instead of the one that was drawn
        second=person.digits(),
    )
    expect(made.status == 200, f"{name} makes a key: {said(made)}")
    fingerprint = _fingerprint(made.text)
    people = play.officer("ines").get("/desk/people")
    welcome = people.link(r"/desk/people/[0-9a-f-]{36}/welcome$")
    wrong = play.fill("ines", welcome, "fingerprint", fingerprint="0" * 40)
    expect(wrong.status == 422, "a wrong fingerprint was welcomed")
    done = play.fill("ines", welcome, "fingerprint", fingerprint=fingerprint)
    expect(done.status == 200, f"{name} is welcomed: {said(done)}")
    second = play.officer("ruth").get("/desk/people").link(r"/desk/people/[0-9a-f-]{36}/second$")
    again = play.fill("ruth", second, "fingerprint", fingerprint=fingerprint)
    expect(again.status == 200, f"{name} is compared with by a second: {said(again)}")


def _shown_link(html: str) -> str:
    """What stands in the box to copy from."""
    return html.split('id="link"', 1)[1].split(">", 1)[1].split("<", 1)[0].strip()


def _fingerprint(text: str) -> str:
    """Ten groups of four, as they are read out."""
    words = text.split()
    for at in range(len(words) - 9):
        group = words[at : at + 10]
        if all(len(one) == 4 and set(one) <= set("0123456789abcdef") for one in group):
            return "".join(group)
    raise LookupError("no fingerprint on the page")


@scene(HOUSE, "a lawyer and an officer join: one-time link, own key, fingerprint read out")
def join(play: Play) -> str:
    _join(play, "noor", "legal")
    early = play.sign_in("noor")
    expect(early.path == "/desk/queue", f"Noor signs in: {said(early)}")
    _join(play, "tomas", "intake")
    expect(play.sign_in("tomas").path == "/desk/queue", "Tomas cannot sign in")
    return (
        "a wrong fingerprint is refused; a second officer compares too, so that they count as two"
    )
