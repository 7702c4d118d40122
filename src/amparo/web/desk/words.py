"""The desk's words for codes: states, levels, ways, compartments, purposes, answers."""

from collections.abc import Iterable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

Words = Mapping[str, str | Promise]

LEVELS: Words = {
    "0": pgettext_lazy("level", "Not read yet"),
    "1": pgettext_lazy("level", "Minimal"),
    "2": pgettext_lazy("level", "Ordinary"),
    "3": pgettext_lazy("level", "Extraordinary"),
    "4": pgettext_lazy("level", "Extreme"),
}
LEVEL_HINTS: Words = {
    "1": _("No sign of danger now; advice is asked."),
    "2": _("Pressure because of the work, no sign of an attack."),
    "3": _("Serious and specific: threats, being followed, arrest likely."),
    "4": _("Grave and imminent: life or liberty is at stake now."),
}
STATES: Words = {
    "new": pgettext_lazy("state", "New"),
    "taken": pgettext_lazy("state", "Taken"),
    "answered": pgettext_lazy("state", "Answered"),
    "waiting": pgettext_lazy("state", "They wrote again"),
    "declined": pgettext_lazy("state", "Declined"),
    "referred": pgettext_lazy("state", "Referred"),
    "merged": pgettext_lazy("state", "Merged"),
    "spam": pgettext_lazy("state", "Spam"),
    "withdrawn": pgettext_lazy("state", "Withdrawn"),
    "closed": pgettext_lazy("state", "Closed"),
}
WAYS: Words = {
    "here": pgettext_lazy("way", "this site"),
    "text": pgettext_lazy("way", "text"),
    "call": pgettext_lazy("way", "call"),
    "phone": pgettext_lazy("way", "phone"),
    "walk-in": pgettext_lazy("way", "in person"),
    "relay": pgettext_lazy("way", "passed on"),
}
COMPARTMENTS: Words = {
    "correspondence": pgettext_lazy("compartment", "Conversation"),
    "cover": pgettext_lazy("compartment", "Cover"),
    "identity": pgettext_lazy("compartment", "Identity"),
    "location": pgettext_lazy("compartment", "Location"),
    "narrative": pgettext_lazy("compartment", "Narrative"),
    "legal": pgettext_lazy("compartment", "Legal"),
    "health": pgettext_lazy("compartment", "Health"),
    "finance": pgettext_lazy("compartment", "Finance"),
}
COMPARTMENT_HINTS: Words = {
    "cover": _("What one may say about the case without naming anybody."),
    "identity": _("Name, date of birth, papers, family."),
    "location": _("Where they live, work and hide."),
    "narrative": _("What happened, told by them and by others."),
    "legal": _("Files of the court, power of attorney, advice."),
    "health": _("Injuries, treatment, how they are."),
    "finance": _("Costs, accounts, who paid what."),
}
# Drawing for each compartment; the same shape whatever is inside.
SIGNS = {
    "cover": "page",
    "identity": "person",
    "location": "place",
    "narrative": "pen",
    "legal": "scales",
    "health": "pulse",
    "finance": "coin",
    "correspondence": "letters",
}
PURPOSES: Words = {
    "protection": pgettext_lazy("purpose", "Keep them safe"),
    "legal": pgettext_lazy("purpose", "Defend them in court"),
    "care": pgettext_lazy("purpose", "Care and treatment"),
    "shelter": pgettext_lazy("purpose", "Find a safe place"),
    "costs": pgettext_lazy("purpose", "Pay the costs"),
    "publication": pgettext_lazy("purpose", "Speak up for them in public"),
    "statistics": pgettext_lazy("purpose", "Count it, without their name"),
    "authorities": pgettext_lazy("purpose", "Ask the authorities to protect them"),
}
# Keys that nobody asked a defender for.
OTHERWISE: Words = {
    "override": pgettext_lazy("purpose", "A life is in danger"),
    "release": pgettext_lazy("purpose", "Opened by two persons"),
    "own": pgettext_lazy("purpose", "To read it back with their code"),
    "duty": pgettext_lazy("purpose", "One of them alone, when the person's life is in danger"),
    "house": pgettext_lazy("purpose", "The organisation's own papers"),
}
ANSWERS: Words = {
    "granted": pgettext_lazy("answer", "Yes"),
    "refused": pgettext_lazy("answer", "No"),
    "conditional": pgettext_lazy("answer", "If"),
    "met": pgettext_lazy("answer", "If, and met"),
    "held": pgettext_lazy("answer", "Key"),
    "asked": pgettext_lazy("answer", "Asked"),
    "checked": pgettext_lazy("answer", "Yes, but make sure"),
    "withdrawn": pgettext_lazy("answer", "Withdrawn"),
    "expired": pgettext_lazy("answer", "Ended"),
}
# Shape and dye of an answer; the word stands beside it.
MARKS = {
    "granted": ("disc", "green"),
    "refused": ("barred", "red"),
    "conditional": ("half", "ochre"),
    "met": ("disc", "green"),
    "held": ("disc", "soft"),
    "asked": ("ring", "blue"),
    "checked": ("half", "ochre"),
    "withdrawn": ("barred", "red"),
    "expired": ("ring", "soft"),
}
LEVEL_MARKS = {"0": "ring", "1": "dot", "2": "ring", "3": "disc", "4": "diamond"}
HOW: Words = {
    "written": pgettext_lazy("how given", "in writing"),
    "oral": pgettext_lazy("how given", "by word of mouth"),
    "remote": pgettext_lazy("how given", "by phone or video"),
    "page": pgettext_lazy("how given", "on the page"),
}
CALLS: Words = {
    "reached": pgettext_lazy("call", "We spoke"),
    "no answer": pgettext_lazy("call", "Nobody answered"),
    "voicemail": pgettext_lazy("call", "A machine answered; nothing was left on it"),
    "wrong person": pgettext_lazy("call", "Somebody else answered; nothing was said"),
    "not safe": pgettext_lazy("call", "They could not speak freely"),
    "call back": pgettext_lazy("call", "Call back later"),
}
# What somebody who relays says in the end.
PASSED_ON: Words = {
    "passed on": pgettext_lazy("relay", "I have passed it on to the person"),
    "not found": pgettext_lazy("relay", "I cannot reach the person any more"),
    "not wanted": pgettext_lazy("relay", "The person does not want it any more"),
}
RELAYED: Words = {
    "received": pgettext_lazy("relay", "Received"),
    "being answered": pgettext_lazy("relay", "Being answered"),
    "answered": pgettext_lazy("relay", "Answered"),
    "closed": pgettext_lazy("relay", "Closed"),
}
# How somebody may be reached; the last one is a warning, and is marked as such.
REACH: Words = {
    "here": pgettext_lazy("reach", "Answer on their page"),
    "text": pgettext_lazy("reach", "Text message"),
    "call": pgettext_lazy("reach", "Call"),
    "never": pgettext_lazy("reach", "Never"),
}
DECISIONS: Words = {
    "declined": pgettext_lazy("decision", "Declined"),
    "referred": pgettext_lazy("decision", "Referred"),
    "merged": pgettext_lazy("decision", "Merged with another request"),
    "relinked": pgettext_lazy("decision", "Re-linked after the agreed word"),
    "closed": pgettext_lazy("decision", "Closed"),
    "erasure asked": pgettext_lazy("decision", "Asked to erase everything"),
    "kept": pgettext_lazy("decision", "Nothing is erased; it stays"),
    "told relay": pgettext_lazy("decision", "Written to the intermediary"),
    "new code": pgettext_lazy("decision", "They took new words or numbers"),
}
EXITS: Words = {
    "link": pgettext_lazy("exit", "by a link that opened once"),
    "file": pgettext_lazy("exit", "as a file that only their key opens"),
    "export": pgettext_lazy("exit", "as an export"),
    "word": pgettext_lazy("exit", "by word of mouth"),
    "helpers": pgettext_lazy("exit", "helpers were asked, without a name"),
}
THEMSELVES: Words = {"own": pgettext_lazy("recipient", "The person themselves")}
TEAMS: Words = {
    "house": pgettext_lazy("team", "Everybody on staff"),
    "intake": pgettext_lazy("team", "Duty desk"),
    "auditors": pgettext_lazy("team", "Auditors"),
    "coordination": pgettext_lazy("team", "Coordination"),
    "legal": pgettext_lazy("team", "Legal"),
    "care": pgettext_lazy("team", "Care"),
    "finance": pgettext_lazy("team", "Finance"),
    "release": pgettext_lazy("team", "Release group"),
    "relay": pgettext_lazy("team", "Intermediaries"),
}
PRESENCE: Words = {
    "invited": pgettext_lazy("presence", "invited, has not come yet"),
    "waiting": pgettext_lazy("presence", "waits to be compared"),
    "here": pgettext_lazy("presence", "here"),
    "locked": pgettext_lazy("presence", "locked out: let them go, so that keys are turned"),
    "left": pgettext_lazy("presence", "has left"),
}
VERBS: Words = {
    "take": pgettext_lazy("verb", "Take"),
    "reply": pgettext_lazy("verb", "Write back"),
    "log": pgettext_lazy("verb", "Log a call"),
    "level": pgettext_lazy("verb", "Set the level"),
    "open": pgettext_lazy("verb", "Open a case"),
    "refer": pgettext_lazy("verb", "Refer"),
    "decline": pgettext_lazy("verb", "Decline"),
    "reassign": pgettext_lazy("verb", "Give to a colleague"),
    "merge": pgettext_lazy("verb", "Merge"),
    "spam": pgettext_lazy("verb", "Mark as spam"),
    "reopen": pgettext_lazy("verb", "Back into the queue"),
    "close": pgettext_lazy("verb", "Close"),
    "erase": pgettext_lazy("verb", "They want it erased"),
    "reach": pgettext_lazy("verb", "Change how to reach them"),
    "relink": pgettext_lazy("verb", "Re-link a lost code"),
    "relay": pgettext_lazy("verb", "Write to the intermediary"),
}
SAID: Words = {
    "on it": pgettext_lazy("alarm", "is on it"),
    "safe": pgettext_lazy("alarm", "says that they are safe"),
    "escalate": pgettext_lazy("alarm", "cannot; the next ones are wanted"),
    "stop": pgettext_lazy("alarm", "wants to be told no more"),
}
# Who does a task; the one whose task it is sees to it that it is done.
WHO: Words = {
    "officer": pgettext_lazy("who", "those on duty"),
    "lawyer": pgettext_lazy("who", "a lawyer"),
    "care": pgettext_lazy("who", "somebody of care"),
    "digital": pgettext_lazy("who", "somebody who knows devices"),
    "coordination": pgettext_lazy("who", "coordination"),
}
TELLS: Words = {
    "": pgettext_lazy("tells", "Nobody outside"),
    "partners": pgettext_lazy("tells", "Partners"),
    "authorities": pgettext_lazy("tells", "Authorities"),
    "public": pgettext_lazy("tells", "The public"),
}
TASK_STATES: Words = {
    "open": pgettext_lazy("task", "Open"),
    "waits": pgettext_lazy("task", "Has no hour yet"),
    "done": pgettext_lazy("task", "Done"),
    "dropped": pgettext_lazy("task", "Not needed"),
    "asked": pgettext_lazy("task", "Asked for"),
    "active": pgettext_lazy("task", "Is there"),
    "ended": pgettext_lazy("task", "Over"),
}
TASK_LOG: Words = {
    "taken": pgettext_lazy("task", "Taken"),
    "handed": pgettext_lazy("task", "Given to a colleague"),
    "done": pgettext_lazy("task", "Done"),
    "dropped": pgettext_lazy("task", "Not needed"),
    "prolonged": pgettext_lazy("task", "Given longer"),
    "again": pgettext_lazy("task", "Opened again"),
    "over": pgettext_lazy("task", "The playbook is over"),
    "time": pgettext_lazy("task", "A time was written down"),
    "asked": pgettext_lazy("task", "Asked for"),
    "active": pgettext_lazy("task", "Is there"),
    "ended": pgettext_lazy("task", "Over"),
}
LONGER: Words = {
    "15": pgettext_lazy("longer", "15 minutes"),
    "60": pgettext_lazy("longer", "1 hour"),
    "240": pgettext_lazy("longer", "4 hours"),
    "1440": pgettext_lazy("longer", "1 day"),
}
RESPONSES: Words = {
    "lawyer": pgettext_lazy("response", "Lawyer on call"),
    "car": pgettext_lazy("response", "Safe car"),
    "night": pgettext_lazy("response", "A place for the night"),
    "grant": pgettext_lazy("response", "Emergency money"),
    "beside": pgettext_lazy("response", "Somebody beside them"),
    "digital": pgettext_lazy("response", "Help with devices"),
    "medical": pgettext_lazy("response", "Doctor or nurse"),
    "statement": pgettext_lazy("response", "Public word"),
    "urgent action": pgettext_lazy("response", "Urgent action by partners"),
    "other": pgettext_lazy("response", "Something else"),
}
CAPACITY: Words = {
    "free": pgettext_lazy("capacity", "Free"),
    "limited": pgettext_lazy("capacity", "Little left"),
    "none": pgettext_lazy("capacity", "None now"),
}
CAPACITY_MARKS = {
    "free": ("disc", "green"),
    "limited": ("half", "ochre"),
    "none": ("barred", "red"),
}
# What the page says after a deed; the address carries the code only.
DONE: Words = {
    "taken": _("It is yours now."),
    "sent": _("Sent. They see it the next time they come back."),
    "logged": _("The call is logged."),
    "level": _("The level is set. The deadline moved with it."),
    "opened": _("The case is open, with all seven compartments."),
    "referred": _("Referred. They can read the reason."),
    "declined": _("Declined. They can read the reason."),
    "reassigned": _("Your colleague has it now."),
    "merged": _("Merged. Both conversations stand in one place."),
    "spam": _("Marked as spam. It left the queue and can be brought back."),
    "reopened": _("Back in the queue, and yours."),
    "erase-asked": _("Asked. A second person does it, or not; they can stop it on their page."),
    "erased": _("Erased. Nobody can bring it back."),
    "kept": _("It stays. Nothing is erased."),
    "closed": _("Closed. A word from them opens it again."),
    "reach": _("Kept. It stands first on every page of this case."),
    "key": _("The key is given."),
    "sure": _("Noted. What your keys open is open now; the rest waits for whoever holds it."),
    "unsure": _("Noted. Nothing opens, and they read why."),
    "vouched": _("Noted. They count as a person of their own wherever two are needed."),
    "second": _("Your key is laid to it. One more person is needed."),
    "asked-two": _("Asked. It opens when two persons have agreed."),
    "joined": _("Welcome. Their teams are open to them now."),
    "relinked": _("Re-linked. The old code opens nothing any more."),
    "written": _("Kept in the compartment."),
    "recorded": _("The answer is recorded and in force."),
    "asked": _("Asked. The answer will show here."),
    "withdrawn": _("Withdrawn. The lock is changed; what was shown before stays listed."),
    "met": _("The condition is recorded as met. They are told why."),
    "override": _("It is open now. Somebody else than you two must confirm it within four hours."),
    "confirmed": _("Confirmed."),
    "released": _("Released. It is on the list that they can read."),
    "handed": _("Handed over."),
    "saved": _("Kept."),
    "passphrase": _("Your passphrase is changed. The old one opens nothing any more."),
    "passkey": _("The passkey is added."),
    "left": _("They have left. Their sessions are ended and the locks are changed."),
    "plan": _("The plan counts from now on."),
    "plan-gone": _("The plan is taken away. Nobody is told anything by it any more."),
    "second-gone": _("The second code rings nobody any more. Its request is an ordinary one."),
    "pressed": _("It rings. Whoever stands first is told now."),
    "trial": _("The trial is over. A press tells people outside from now on."),
    "way-gone": _("It is taken away. Nothing comes by it any more."),
    "way-tried": _("Sent. Look whether it has come."),
    "alarm-take": _(
        "You are on it. The others are left in peace for half an hour, then it rings on."
    ),
    "alarm-on": _("The next ones are told now."),
    "alarm-close": _("It is over. Whoever was told hears so."),
    "duty-yes": _("Agreed. It counts from now on."),
    "duty-no": _("Said. They get a notice."),
    "duty-dropped": _("Taken away."),
    "duty-back": _("Kept. They are rung again in their turns."),
    "duty-taken": _("You have taken over."),
    "duty-on": _("You are on duty."),
    "duty-other": _("Somebody was quicker. This is how it stands now; nothing was changed by you."),
    "duty-rotation": _("The rotation counts from now on."),
    "duty-rotation-gone": _("The rotation is taken away."),
    "duty-put": _("Kept. They get a notice."),
    "duty-asked": _("Asked. It counts when they have said yes."),
    "duty-away": _("Kept. They are not rung in this time."),
    "duty-note": _("Kept. Whoever comes reads it here."),
    "duty-calendar-gone": _("Stopped. The address shows nothing any more."),
    "playbook": _("It has begun. The first three tasks are yours until you give them on."),
    "task-take": _("It is yours now."),
    "task-hand": _("Your colleague has it now, and hears so."),
    "task-done": _("Done."),
    "task-drop": _("Not needed. The reason stands beside it."),
    "task-prolong": _("It has longer. That works once."),
    "task-again": _("It is open again, and yours."),
    "task-time": _("Written down. Hours that count from it are set."),
    "task-end": _("The playbook is over."),
    "told": _("Their yes is written down. They see it on their list and can take it back."),
    "response": _("Asked for, and yours. Its place is kept."),
    "response-there": _("It is there."),
    "response-over": _("It is over. Its place is free again."),
    "response-kept": _("Kept. Everybody at the desk sees it."),
    "response-gone": _("Taken off the list."),
    "helpers": _("They are asked now. Whoever says yes first is taken."),
    "helpers-on": _("The next ones are asked now."),
    "helpers-over": _("Nobody more is asked. Whoever comes late hears so."),
    "agreed": _("Their yes is written down."),
    "call": _("The call is logged, sealed to those on duty."),
    "call-safe": _("The call is logged, and the alarm is over. Whoever was told hears so."),
    "told-relay": _("Sent. Only the intermediary reads it."),
    "forgotten": _("Destroyed. Nothing of it stands on your list any more."),
    "passed": _("Sent. Those on duty read it."),
    "listed": _("Kept in the directory."),
    "unlisted": _("Destroyed. Nothing of it stands in the directory any more."),
    "team": _("They are in the team now. What is sealed to it opens to them."),
    "team-left": _("They have left the team. Its lock is changed."),
}


def word(table: Words, code: object) -> str:
    """The word for a code; the code itself where the table has none."""
    return str(table.get(str(code), code))


def in_a_row(parts: Iterable[object]) -> str:
    """One after another, with the comma of the page's language."""
    return pgettext("between", ", ").join(str(part) for part in parts)


def choices(table: Words, *leave_out: str) -> list[tuple[str, str | Promise]]:
    """The table as the choices of a form field."""
    return [(code, words) for code, words in table.items() if code not in leave_out]
