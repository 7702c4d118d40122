"""The table of P07: what each role gets at each address. A new address needs its row here.

    y let in · > sent on · ? asked once more · - not there · ! sign in first · f forbidden
    x not allowed · z not now · c the words of the conversation · n of a compartment · b both

A method without a row is `x` for everybody. `python -m amparo.proofs.prove.alone rows` prints the rows
as they are: read every letter before you believe it.
"""

from typing import Any

from amparo.web.desk.acts import ACTS

# Staff by their teams; `owner` has opened the case, `second` is one of those who open identities.
TEAMS = {
    "house": ("house",),
    "auditor": ("house", "auditors"),
    "coordinator": ("house", "coordination"),
    "second": ("house", "release"),
    "duty": ("house", "intake"),
    "owner": ("house", "intake"),
}
# The others: nobody at all, the holder of an upload's token, the defender of another call, the one of
# this, and the reader of a link to the case's narrative.
ROLES = ("nobody", "uploader", "other", "defender", "reader", *TEAMS, "relay")
# Somebody who relays has an account and stands outside the house. Each row below is for the roles
# before; a relay gets what nobody gets, at the desk no page at all, and beyond that only these.
RELAY = {
    "desk/": {"GET": ">"},
    "desk/draft": {"POST": "y"},
    "desk/lock": {"POST": ">"},
    "desk/relay": {"GET": "y"},
    "desk/relay/<item>": {"GET": "y", "POST": ">"},
    "desk/relay/<item>/close": {"GET": "y", "POST": "?"},
    "desk/relay/<item>/forget": {"GET": "y", "POST": ">"},
    "desk/relay/new": {"GET": "y", "POST": "y"},
    "desk/settings": {"GET": "y", "POST": ">"},
    "desk/settings/keys": {"GET": "y"},
    "desk/settings/lock": {"GET": "y", "POST": ">"},
    "desk/settings/notices": {"GET": "y"},
    "desk/settings/notices/mail": {"GET": "y", "POST": "?"},
    "desk/settings/passphrase": {"GET": "y", "POST": "?"},
    "desk/sign-in": {"GET": ">", "POST": ">"},
    "desk/sign-in/passkey": {"GET": ">", "POST": ">"},
}
SPREAD = {
    "desk/directory/<entry>/<verb>": lambda: ("away", "back", "forget", "no", "spoke", "vouch"),
    "desk/helpers/<callout>/<verb>": lambda: ("on", "over"),
    "desk/alarms/<alarm>/<verb>": lambda: ("close", "on", "take"),
    "desk/settings/notices/<code>": lambda: ("mail",),
    "desk/settings/notices/away/<code>": lambda: ("mail",),
    "desk/settings/notices/try/<code>": lambda: ("mail",),
    "desk/c/<case>/start/<start>/<verb>": lambda: ("end", "time"),
    "desk/c/<case>/do/<verb>": lambda: tuple(sorted(ACTS)),
    "desk/c/<case>/part/<code>": lambda: ("narrative", "identity", "cover"),
    "desk/c/<case>/part/<code>/two": lambda: ("identity",),
}
# What the forms of the desk ask for, all of it at once; a form takes what it knows. Nothing that says
# "I am sure": whether somebody is let in shows before the deed, and some deeds reach the disk.
FIELDS: dict[str, Any] = {
    "text": "words", "reason": "words", "level": "2", "outcome": "reached", "to": "words",
    "what": "words", "how": "here", "answer": "refused", "purpose": "legal", "language": "en",
    "compartment": "narrative", "label": "R.", "name": "x", "note": "x", "word": "x", "place": "x",
    "way": "phone", "code": "digits", "consent": "oral",
    "service": "lawyer", "needed": "1", "minutes": "15", "kind": "person", "services": "lawyer",
    "zone": "UTC",
}  # fmt: skip
_CASE = "api/v1/desk/cases/<case>"
BODIES: dict[str, dict[str, Any]] = {
    # A beginning finds the word; the whole word stands in the answer only if it was found.
    "desk/search": {"text": "zaunk"},
    "desk/directory": {"language": ""},
    "desk/c/<case>/helpers": {"language": "", "how": ""},
    "api/v1/calls": {"what": "x"},
    "api/v1/press": {"card": "x"},
    "api/v1/press/back": {"card": "x", "alarm": "3f2b8a52-1c1d-4a5e-9a37-0d4a7e5b6c11"},
    "api/v1/press/state": {"card": "x", "alarm": "3f2b8a52-1c1d-4a5e-9a37-0d4a7e5b6c11"},
    "api/v1/press/where": {
        "card": "x",
        "alarm": "3f2b8a52-1c1d-4a5e-9a37-0d4a7e5b6c11",
        "where": "x",
    },
    "api/v1/session": {"code": "1 2 3"},
    "api/v1/thread/messages": {"text": "x"},
    "api/v1/thread/choose": {"purpose": "duty", "compartment": "identity", "yes": True},
    "api/v1/thread/say-yes-again": {"answer": "3f2b8a52-1c1d-4a5e-9a37-0d4a7e5b6c11"},
    "api/v1/thread/withdraw": {"sure": True},
    "api/v1/thread/withdraw-reader": {
        "recipient": "3f2b8a52-1c1d-4a5e-9a37-0d4a7e5b6c11",
        "purpose": "legal",
    },
    "api/v1/uploads": {"size": 9, "sha256": "0" * 64},
    "api/v1/desk/session": {"name": "x", "passphrase": "x", "second": "0"},
    "api/v1/desk/search": {"text": "zaunk"},
    f"{_CASE}/level": {"level": 2, "reason": "x"},
    f"{_CASE}/reply": {"text": "x"},
    f"{_CASE}/log": {"outcome": "reached", "text": "x", "reason": "x"},
    f"{_CASE}/decline": {"reason": "x"},
    f"{_CASE}/refer": {"to": "x", "reason": "x"},
    f"{_CASE}/notes": {"compartment": "narrative", "text": "x"},
}
ROWS = """
/                                          GET,HEAD y y y y y y y y y y y
a/<token>                                  GET,HEAD y y y y y y y y y y y
a/<token>                                  POST     - - - - - - - - - - -
about                                      GET,HEAD y y y y y y y y y y y
api/v1/                                    any      - - - - - - - - - - -
api/v1/<rest>                              any      - - - - - - - - - - -
api/v1/calls                               POST     y y y y y y y y y y y
api/v1/desk/cases/<case>                   GET      ! ! ! ! ! - - - - c b
api/v1/desk/cases/<case>/decline           POST     ! ! ! ! ! - - - - y y
api/v1/desk/cases/<case>/files/<file>      GET      ! ! ! ! ! - - - - y y
api/v1/desk/cases/<case>/level             POST     ! ! ! ! ! - - - - y y
api/v1/desk/cases/<case>/log               POST     ! ! ! ! ! - - - - y y
api/v1/desk/cases/<case>/notes             POST     ! ! ! ! ! - - - - - y
api/v1/desk/cases/<case>/open              POST     ! ! ! ! ! - - - - ? ?
api/v1/desk/cases/<case>/refer             POST     ! ! ! ! ! - - - - y y
api/v1/desk/cases/<case>/reply             POST     ! ! ! ! ! - - - - y y
api/v1/desk/cases/<case>/take              POST     ! ! ! ! ! - - - - ? y
api/v1/desk/queue                          GET      ! ! ! ! ! y y y y y y
api/v1/desk/search                         POST     ! ! ! ! ! y y y y c c
api/v1/desk/session                        DELETE   ! ! ! ! ! y y y y y y
api/v1/desk/session                        POST     - - - - - - - - - - -
api/v1/openapi.json                        GET      y y y y y y y y y y y
api/v1/press                               POST     - - - - - - - - - - -
api/v1/press/back                          POST     - - - - - - - - - - -
api/v1/press/state                         POST     - - - - - - - - - - -
api/v1/press/where                         POST     - - - - - - - - - - -
api/v1/ready                               GET      y y y y y y y y y y y
api/v1/session                             DELETE   ! ! y y ! ! ! ! ! ! !
api/v1/session                             POST     ? ? ? ? ? ? ? ? ? ? ?
api/v1/thread                              GET      ! ! y c ! ! ! ! ! ! !
api/v1/thread/choose                       POST     ! ! y y ! ! ! ! ! ! !
api/v1/thread/export                       GET      ! ! y c ! ! ! ! ! ! !
api/v1/thread/keep                         POST     ! ! ? y ! ! ! ! ! ! !
api/v1/thread/messages                     POST     ! ! y y ! ! ! ! ! ! !
api/v1/thread/say-yes-again                POST     ! ! - - ! ! ! ! ! ! !
api/v1/thread/withdraw                     POST     ! ! y y ! ! ! ! ! ! !
api/v1/thread/withdraw-reader              POST     ! ! - - ! ! ! ! ! ! !
api/v1/uploads                             POST     y y y y y y y y y y y
api/v1/uploads/<upload>                    GET,DELETE ! y ! ! ! ! ! ! ! ! !
api/v1/uploads/<upload>/parts/<number>     PUT      ! ? ! ! ! ! ! ! ! ! !
back                                       GET,HEAD y y y y y y y y y y y
back                                       POST     ? ? ? ? ? ? ? ? ? ? ?
clear                                      GET,HEAD y y y y y y y y y y y
closed                                     GET,HEAD y y y y y y y y y y y
desk/                                      GET,HEAD > > > > > > > > > > >
desk/alarms                                GET,HEAD > > > > > - - - - y y
desk/alarms/<alarm>                        GET,HEAD > > > > > - - - - y y
desk/alarms/<alarm>/close                  POST     ! ! ! ! ! - - - - ? ?
desk/alarms/<alarm>/on                     POST     ! ! ! ! ! - - - - > >
desk/alarms/<alarm>/since                  GET,HEAD > > > > > - - - - y y
desk/alarms/<alarm>/take                   POST     ! ! ! ! ! - - - - > >
desk/alarms/now                            GET,HEAD > > > > > y y y y y y
desk/board                                 GET,HEAD > > > > > - - y - y y
desk/c/<case>                              GET,HEAD > > > > > - - - - c b
desk/c/<case>/consent                      GET,HEAD > > > > > - - - - y y
desk/c/<case>/consent/<answer>/give        GET,HEAD > > > > > - - - - y y
desk/c/<case>/consent/<answer>/give        POST     ! ! ! ! ! - - - - - -
desk/c/<case>/consent/<answer>/met         GET,HEAD > > > > > - - - - y y
desk/c/<case>/consent/<answer>/met         POST     ! ! ! ! ! - - - - ? ?
desk/c/<case>/consent/<answer>/withdraw    GET,HEAD > > > > > - - - - y y
desk/c/<case>/consent/<answer>/withdraw    POST     ! ! ! ! ! - - - - ? ?
desk/c/<case>/consent/ask                  GET,HEAD > > > > > - - - - y y
desk/c/<case>/consent/ask                  POST     ! ! ! ! ! - - - - ? ?
desk/c/<case>/consent/record               GET,HEAD > > > > > - - - - y y
desk/c/<case>/consent/record               POST     ! ! ! ! ! - - - - ? ?
desk/c/<case>/consent/sure                 GET,HEAD > > > > > - - - - y y
desk/c/<case>/consent/sure                 POST     ! ! ! ! ! - - - - ? ?
desk/c/<case>/do/close                     GET,HEAD > > > > > - - - - y y
desk/c/<case>/do/close                     POST     ! ! ! ! ! - - - - > >
desk/c/<case>/do/decline                   GET,HEAD > > > > > - - - - y y
desk/c/<case>/do/decline                   POST     ! ! ! ! ! - - - - > >
desk/c/<case>/do/erase                     GET,HEAD > > > > > - - - - y y
desk/c/<case>/do/erase                     POST     ! ! ! ! ! - - - - ? ?
desk/c/<case>/do/level                     GET,HEAD > > > > > - - - - y y
desk/c/<case>/do/level                     POST     ! ! ! ! ! - - - - > >
desk/c/<case>/do/log                       GET,HEAD > > > > > - - - - y y
desk/c/<case>/do/log                       POST     ! ! ! ! ! - - - - > >
desk/c/<case>/do/merge                     GET,HEAD > > > > > - - - - - -
desk/c/<case>/do/merge                     POST     ! ! ! ! ! - - - - ? ?
desk/c/<case>/do/open                      GET,HEAD > > > > > - - - - - -
desk/c/<case>/do/open                      POST     ! ! ! ! ! - - - - ? ?
desk/c/<case>/do/reassign                  GET,HEAD > > > > > - - - - y y
desk/c/<case>/do/reassign                  POST     ! ! ! ! ! - - - - ? ?
desk/c/<case>/do/refer                     GET,HEAD > > > > > - - - - y y
desk/c/<case>/do/refer                     POST     ! ! ! ! ! - - - - > >
desk/c/<case>/do/relink                    GET,HEAD > > > > > - - - - - -
desk/c/<case>/do/relink                    POST     ! ! ! ! ! - - - - ? ?
desk/c/<case>/do/relay                     GET,HEAD > > > > > - - - - - -
desk/c/<case>/do/relay                     POST     ! ! ! ! ! - - - - - -
desk/c/<case>/do/reopen                    GET,HEAD > > > > > - - - - - -
desk/c/<case>/do/reopen                    POST     ! ! ! ! ! - - - - ? ?
desk/c/<case>/do/spam                      GET,HEAD > > > > > - - - - - -
desk/c/<case>/do/spam                      POST     ! ! ! ! ! - - - - ? ?
desk/c/<case>/do/take                      GET,HEAD > > > > > - - - - - -
desk/c/<case>/do/take                      POST     ! ! ! ! ! - - - - ? >
desk/c/<case>/files                        GET,HEAD > > > > > - - - - y y
desk/c/<case>/files/<file>                 GET,HEAD > > > > > - - - - y y
desk/c/<case>/files/<file>/<number>        GET,HEAD > > > > > - - - - y y
desk/c/<case>/files/<file>/sealed          POST     ! ! ! ! ! - - - - y y
desk/c/<case>/menu                         GET,HEAD > > > > > - - - - y y
desk/c/<case>/menu                         POST     ! ! ! ! ! - - - - > >
desk/c/<case>/helpers                      GET,HEAD > > > > > - - - - y y
desk/c/<case>/helpers                      POST     ! ! ! ! ! - - - - y y
desk/c/<case>/messages                     GET,HEAD > > > > > - - - - c c
desk/c/<case>/messages                     POST     ! ! ! ! ! - - - - > >
desk/c/<case>/override                     GET,HEAD > > > > > - - - - y y
desk/c/<case>/override                     POST     ! ! ! ! ! - - - - ? ?
desk/c/<case>/part/cover                   GET,HEAD > > > > > - - - - y y
desk/c/<case>/part/cover                   POST     ! ! ! ! ! - - - - - -
desk/c/<case>/part/identity                GET,HEAD > > > > > - - - - y y
desk/c/<case>/part/identity                POST     ! ! ! ! ! - - - - - -
desk/c/<case>/part/identity/two            GET,HEAD > > > > > - - - - y y
desk/c/<case>/part/identity/two            POST     ! ! ! ! ! - - - - > >
desk/c/<case>/part/narrative               GET,HEAD > > > > > - - - - y n
desk/c/<case>/part/narrative               POST     ! ! ! ! ! - - - - - >
desk/c/<case>/peek                         GET,HEAD > > > > > - - - - c c
desk/c/<case>/plan                         GET,HEAD > > > > > - - - - y y
desk/c/<case>/plan                         POST     ! ! ! ! ! - - - - y y
desk/c/<case>/press                        GET,HEAD > > > > > - - - - y y
desk/c/<case>/press                        POST     ! ! ! ! ! - - - - > >
desk/c/<case>/reach                        GET,HEAD > > > > > - - - - y y
desk/c/<case>/reach                        POST     ! ! ! ! ! - - - - > >
desk/c/<case>/second-code                  GET,HEAD > > > > > - - - - y y
desk/c/<case>/second-code                  POST     ! ! ! ! ! - - - - ? ?
desk/c/<case>/share                        GET,HEAD > > > > > - - - - y y
desk/c/<case>/share                        POST     ! ! ! ! ! - - - - ? ?
desk/c/<case>/shown                        GET,HEAD > > > > > - - - - y y
desk/c/<case>/start                        GET,HEAD > > > > > - - - - y y
desk/c/<case>/start                        POST     ! ! ! ! ! - - - - > >
desk/c/<case>/start/<start>/end            POST     ! ! ! ! ! - - - - > >
desk/c/<case>/start/<start>/time           POST     ! ! ! ! ! - - - - > >
desk/c/<case>/tasks                        GET,HEAD > > > > > - - - - y y
desk/c/<case>/tasks/<task>                 POST     ! ! ! ! ! - - - - > >
desk/c/<case>/tell                         GET,HEAD > > > > > - - - - y y
desk/c/<case>/tell                         POST     ! ! ! ! ! - - - - ? ?
desk/calls                                 GET,HEAD > > > > > - - - - y y
desk/calls                                 POST     ! ! ! ! ! - - - - > >
desk/calls/<call>/done                     POST     ! ! ! ! ! - - - - > >
desk/directory                             GET,HEAD > > > > > - - - - y y
desk/directory                             POST     ! ! ! ! ! - - - - y y
desk/directory/<entry>                     GET,HEAD > > > > > - - - - y y
desk/directory/<entry>/away                GET,HEAD > > > > > - - - - y y
desk/directory/<entry>/away                POST     ! ! ! ! ! - - - - > >
desk/directory/<entry>/back                GET,HEAD > > > > > - - - - y y
desk/directory/<entry>/back                POST     ! ! ! ! ! - - - - > >
desk/directory/<entry>/change              GET,HEAD > > > > > - - - - y y
desk/directory/<entry>/change              POST     ! ! ! ! ! - - - - > >
desk/directory/<entry>/forget              GET,HEAD > > > > > - - - - y y
desk/directory/<entry>/forget              POST     ! ! ! ! ! - - - - ? ?
desk/directory/<entry>/no                  GET,HEAD > > > > > - - - - y y
desk/directory/<entry>/no                  POST     ! ! ! ! ! - - - - > >
desk/directory/<entry>/spoke               GET,HEAD > > > > > - - - - y y
desk/directory/<entry>/spoke               POST     ! ! ! ! ! - - - - > >
desk/directory/<entry>/vouch               GET,HEAD > > > > > - - - - y y
desk/directory/<entry>/vouch               POST     ! ! ! ! ! - - - - > >
desk/directory/add                         GET,HEAD > > > > > - - - - y y
desk/directory/add                         POST     ! ! ! ! ! - - - - > >
desk/draft                                 POST     ! ! ! ! ! y y y y y y
desk/duty                                  GET,HEAD > > > > > - - y - y y
desk/duty/away                             GET,HEAD > > > > > - - y - y y
desk/duty/away                             POST     ! ! ! ! ! - - ? - ? ?
desk/duty/calendar                         GET,HEAD > > > > > - - - - y y
desk/duty/calendar                         POST     ! ! ! ! ! - - - - y y
desk/duty/do                               POST     ! ! ! ! ! - - - - - -
desk/duty/hand-over                        GET,HEAD > > > > > - - - - y y
desk/duty/hand-over                        POST     ! ! ! ! ! - - - - > >
desk/duty/put                              GET,HEAD > > > > > - - y - - -
desk/duty/put                              POST     ! ! ! ! ! - - ? - - -
desk/duty/rotation                         GET,HEAD > > > > > - - y - - -
desk/duty/rotation                         POST     ! ! ! ! ! - - ? - - -
desk/duty/rotation/<rotation>              GET,HEAD > > > > > - - y - - -
desk/duty/rotation/<rotation>              POST     ! ! ! ! ! - - ? - - -
desk/duty/swap                             GET,HEAD > > > > > - - - - y y
desk/duty/swap                             POST     ! ! ! ! ! - - - - ? ?
desk/first                                 GET,HEAD > > > > > y y y y y y
desk/first                                 POST     ! ! ! ! ! > > > > > >
desk/hand-over                             GET,HEAD > > > > > y y y y y y
desk/hand-over                             POST     ! ! ! ! ! ? ? ? ? ? ?
desk/helpers                               GET,HEAD > > > > > - - - - y y
desk/helpers/<callout>                     GET,HEAD > > > > > - - - - y y
desk/helpers/<callout>/on                  POST     ! ! ! ! ! - - - - > >
desk/helpers/<callout>/over                POST     ! ! ! ! ! - - - - > >
desk/join                                  POST     - - - - - - - - - - -
desk/join/<token>                          GET,HEAD y y y y y y y y y y y
desk/join/<token>                          POST     - - - - - - - - - - -
desk/journal                               GET,HEAD > > > > > - y - - - -
desk/journal                               POST     ! ! ! ! ! - y - - - -
desk/lock                                  POST     > > > > > > > > > > >
desk/lockdown                              GET,HEAD > > > > > y y y y y y
desk/lockdown/now                          GET,HEAD > > > > > y y y y y y
desk/lockdown/now                          POST     ! ! ! ! ! ? ? ? ? ? ?
desk/new                                   GET,HEAD > > > > > y y y y y y
desk/new                                   POST     ! ! ! ! ! - - - - y y
desk/people                                GET,HEAD > > > > > - - y - - -
desk/people/<person>/leave                 GET,HEAD > > > > > - - y - - -
desk/people/<person>/leave                 POST     ! ! ! ! ! - - ? - - -
desk/people/<person>/seat                  GET,HEAD > > > > > - - - y - -
desk/people/<person>/seat                  POST     ! ! ! ! ! - - - ? - -
desk/people/<person>/second                GET,HEAD > > > > > - - y y - -
desk/people/<person>/second                POST     ! ! ! ! ! - - ? ? - -
desk/people/<person>/teams                 GET,HEAD > > > > > - - y - - -
desk/people/<person>/teams                 POST     ! ! ! ! ! - - - - - -
desk/people/<person>/teams/<code>          GET,HEAD > > > > > - - y - - -
desk/people/<person>/teams/<code>          POST     ! ! ! ! ! - - ? - - -
desk/people/<person>/welcome               GET,HEAD > > > > > - - - - - -
desk/people/<person>/welcome               POST     ! ! ! ! ! - - - - - -
desk/people/fingerprints                   GET,HEAD > > > > > - - y - - -
desk/people/invite                         GET,HEAD > > > > > - - y - - -
desk/people/invite                         POST     ! ! ! ! ! - - ? - - -
desk/queue                                 GET,HEAD > > > > > y y y y y y
desk/queue/count                           GET,HEAD > > > > > y y y y y y
desk/queue/known                           POST     ! ! ! ! ! > > > > > >
desk/responses                             GET,HEAD > > > > > - - - - y y
desk/responses/<response>                  GET,HEAD > > > > > - - - - y y
desk/responses/<response>                  POST     ! ! ! ! ! - - - - ? ?
desk/responses/new                         GET,HEAD > > > > > - - - - y y
desk/responses/new                         POST     ! ! ! ! ! - - - - ? ?
desk/relay                                 GET,HEAD > > > > > - - - - - -
desk/relay/<item>                          GET,HEAD > > > > > - - - - - -
desk/relay/<item>                          POST     ! ! ! ! ! - - - - - -
desk/relay/<item>/close                    GET,HEAD > > > > > - - - - - -
desk/relay/<item>/close                    POST     ! ! ! ! ! - - - - - -
desk/relay/<item>/forget                   GET,HEAD > > > > > - - - - - -
desk/relay/<item>/forget                   POST     ! ! ! ! ! - - - - - -
desk/relay/new                             GET,HEAD > > > > > - - - - - -
desk/relay/new                             POST     ! ! ! ! ! - - - - - -
desk/search                                GET,HEAD > > > > > y y y y y y
desk/search                                POST     ! ! ! ! ! y y y y c c
desk/settings                              GET,HEAD > > > > > y y y y y y
desk/settings                              POST     ! ! ! ! ! > > > > > >
desk/settings/key-file                     GET,HEAD > > > > > y y y y y y
desk/settings/key-file                     POST     ! ! ! ! ! ? ? ? ? ? ?
desk/settings/keys                         GET,HEAD > > > > > y y y y y y
desk/settings/lock                         GET,HEAD > > > > > y y y y y y
desk/settings/lock                         POST     ! ! ! ! ! > > > > > >
desk/settings/notices                      GET,HEAD > > > > > y y y y y y
desk/settings/notices/away/mail            POST     ! ! ! ! ! - - - - - -
desk/settings/notices/mail                 GET,HEAD > > > > > y y y y y y
desk/settings/notices/mail                 POST     ! ! ! ! ! ? ? ? ? ? ?
desk/settings/notices/try/mail             POST     ! ! ! ! ! - - - - - -
desk/settings/passkey                      GET,HEAD > > > > > y y y y y y
desk/settings/passkey                      POST     ! ! ! ! ! ? ? ? ? ? ?
desk/settings/passphrase                   GET,HEAD > > > > > y y y y y y
desk/settings/passphrase                   POST     ! ! ! ! ! ? ? ? ? ? ?
desk/sign-in                               GET,HEAD y y y y y > > > > > >
desk/sign-in                               POST     ? ? ? ? ? > > > > > >
desk/sign-in/passkey                       GET,HEAD y y y y y > > > > > >
desk/sign-in/passkey                       POST     ? ? ? ? ? > > > > > >
desk/trial                                 GET,HEAD > > > > > - - y - - -
desk/trial                                 POST     ! ! ! ! ! - - > - - -
desk/two                                   GET,HEAD > > > > > y y y y y y
desk/two/erasure/<erasure_id>              GET,HEAD > > > > > - - - - y -
desk/two/erasure/<erasure_id>              POST     ! ! ! ! ! - - - - ? -
desk/two/erasure/<erasure_id>/keep         GET,HEAD > > > > > - - - - y y
desk/two/erasure/<erasure_id>/keep         POST     ! ! ! ! ! - - - - > >
desk/two/override/<override_id>            GET,HEAD > > > > > - - - - y -
desk/two/override/<override_id>            POST     ! ! ! ! ! - - - - > -
desk/two/release/<release_id>              GET,HEAD > > > > > - - - y y y
desk/two/release/<release_id>              POST     ! ! ! ! ! - - - > - -
h/<secret>                                 any      - - - - - - - - - - -
r/<token>                                  GET,HEAD y y y y y y y y y y y
r/<token>                                  POST     - - - - - - - - - - -
healthz                                    any      y y y y y y y y y y y
i/<token>                                  GET,HEAD - - - - - - - - - - -
k/<token>                                  GET,HEAD y y y y y y y y y y y
k/worker.js                                GET,HEAD y y y y y y y y y y y
l/<token>                                  GET,HEAD y y y y y y y y y y y
l/<token>                                  POST     - - - - n - - - - - -
language                                   GET,HEAD y y y y y y y y y y y
leave                                      POST     > > > > > > > > > > >
n                                          GET,HEAD y y y y y y y y y y y
n                                          POST     y y y c y y y y y y y
new                                        GET,POST,HEAD y y y y y y y y y y y
p/<token>                                  GET,HEAD y y y y y y y y y y y
p/<token>                                  POST     - - - - - - - - - - -
t/<token>                                  GET,HEAD - - - - - - - - - - -
w/<token>                                  GET,HEAD y y y y y y y y y y y
w/<token>                                  POST     - - - - - - - - - - -
"""
