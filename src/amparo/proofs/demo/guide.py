"""Scenes of the directory: a made-up lawyer, for whom two vouch and with whom one has spoken."""

from typing import Any

from amparo.proofs.demo.play import Play, expect, said, scene

GUIDE = "The directory"
ENTRY: dict[str, Any] = {
    "kind": "person",
    "name": "Lawyer Rook (fictional)",
    "services": ["lawyer"],
    "areas": "XX",
    "languages": "en, es",
    "zone": "UTC",
    "channel1": "mail",
    "address1": "rook@example.invalid",
    "words1": "The library has your book.",
    "text": "A made-up person of the sample. Nobody is reached here.",
}


@scene(GUIDE, "a helper stands there when two vouch and one has spoken with them")
def helper(play: Play) -> str:
    made = play.fill("ines", "/desk/directory/add", "name", **ENTRY)
    expect(made.status == 200 and made.says(ENTRY["name"]), f"the entry: {said(made)}")
    path = made.path.split("?")[0]
    urgent = {"service": "lawyer", "urgent": "on"}
    early = play.fill("ines", "/desk/directory", "service", **urgent)
    expect(early.says("Ask before you send anybody"), "somebody unknown is among the first")
    play.fill("ines", f"{path}/vouch", "reason", reason="We made her up together.")
    again = play.fill("ines", f"{path}/vouch", "reason", reason="Once more.")
    expect(again.status == 422, "one person vouched twice")
    play.fill("ines", f"{path}/spoke", "reason", reason="In the story.")
    play.fill("ruth", f"{path}/vouch", "reason", reason="I know the story too.")
    found = play.fill("ruth", "/desk/directory", "service", **urgent)
    expect(found.says("1 to ask at once"), f"the search: {said(found)}")
    shut = play.officer("noor").get(path)
    expect(shut.status == 404, "somebody who is not on duty reads the directory")
    return "before the second voucher: “ask before you send anybody”"
