"""Walls that import-linter cannot say. Each lists what breaks it; an empty list: it stands."""

import ast
from collections.abc import Callable, Iterator

from tests.house.house import (
    DOORS,
    OF_ITS_OWN_SHAPE,
    STANDALONE,
    House,
    Module,
    called,
    room_of,
    within,
)

Wall = Callable[[House], list[str]]
WALLS: dict[str, Wall] = {}

DJANGO_CRYPTOGRAPHY = (
    "django.core.signing",
    "django.utils.crypto",
    "django.contrib.auth.hashers",
)
CLOCKS_AND_FILES = {"now", "utcnow", "today", "open", "print", "input", "import_module"}
OTHER_CLOCKS = {
    *("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "timezone.now"),
    *("datetime.datetime.now", "datetime.datetime.utcnow", "datetime.date.today"),
    *("time.time", "time.time_ns"),
}
BY_NAME = {"import_module", "import_string", "__import__", "exec", "eval"}
# The command line finds the commands of the proofs by entry point; the cleaning child loads only
# the decoder of the kind it was given.
MAY_LOAD_BY_NAME = ("amparo.cli", "amparo.foundation.clean")
NETWORK = (
    "socket", "socketserver", "ssl", "smtplib", "ftplib", "telnetlib", "asyncio",
    "urllib.request", "http.client", "http.server", "requests", "httpx", "aiohttp",
)  # fmt: skip
# Messages reach people; the command line and the engine start servers and wake each other; the
# proofs knock at our own doors.
MAY_SPEAK = {"messages", "cli", "engine", "proofs"}
HIDDEN_WORKFLOW = (
    "django.dispatch",
    "django.db.models.signals",
    "django.core.signals",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.forms.ModelForm",
    "django.forms.models",
)
HOLLOW_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base"}
# The journal's rows are the foundation's; their tree and its checkpoints are the vault's.
MAY_READ_OTHERS = {("amparo.vault.log", "amparo.foundation.models")}
LONGEST_FUNCTION = 60
LONGEST_FILE = 600


def wall(name: str) -> Callable[[Wall], Wall]:
    def hang(check: Wall) -> Wall:
        WALLS[name] = check
        return check

    return hang


def imports_of(module: Module, forbidden: tuple[str, ...]) -> Iterator[str]:
    for source, name, line in module.imports():
        whole = f"{source}.{name}".strip(".")
        if any(within(whole, theirs) or within(source, theirs) for theirs in forbidden):
            yield f"{module.name}:{line} imports {whole}"


@wall("A room's tables are its own")
def tables_of_others(house: House) -> list[str]:
    """Doors have a contract of their own; the proofs may look at anything."""
    tables = [name for name in house.graph.modules if name.split(".")[2:3] == ["models"]]
    return [
        f"{who} imports {table}"
        for table in sorted(tables)
        for who in sorted(house.graph.find_modules_that_directly_import(table))
        if room_of(who) not in {room_of(table), "proofs"} | DOORS
        and (who, table) not in MAY_READ_OTHERS
    ]


@wall("Doors ask no table")
def doors_that_query(house: House) -> list[str]:
    """A row that a query handed out must not become a way to the table behind it."""
    return [
        f"{module.at(node)} reaches for .{node.attr}"
        for module in house.modules()
        if module.room in DOORS
        for node in module.nodes(ast.Attribute)
        if node.attr in {"objects", "_default_manager", "_base_manager", "cursor"}
    ]


@wall("Consent hands no pass on")
def passes_handed_on(house: House) -> list[str]:
    """Consent may hold what opens the vault, never pass it on: not by name, not as an attribute.

    Not seen: getattr with a made-up name. That the vault refuses whatever is not a Pass is a test
    of its own.
    """
    modules = list(house.modules())
    openers = {
        name
        for module in modules
        if module.room == "consent"
        for source, name, _ in module.imports()
        if within(f"{source}.{name}", "amparo.vault.opening")
    }
    found = []
    for module in modules:
        if module.room == "consent":
            continue
        doors_to_consent = set()
        for node in module.nodes(ast.ImportFrom):
            source = node.module or ""
            if within(source, "amparo.consent"):
                for alias in node.names:
                    doors_to_consent.add(alias.asname or alias.name)
                    if alias.name in openers | {"*"}:
                        found.append(f"{module.at(node)} takes {alias.name} from {source}")
            if source == "amparo" and "consent" in {alias.name for alias in node.names}:
                doors_to_consent.add("consent")
        found += [
            f"{module.at(node)} reaches {node.attr} through {ast.unparse(node.value)}"
            for node in module.nodes(ast.Attribute)
            if node.attr in openers
            and ast.unparse(node.value).split(".")[0] in doors_to_consent | {"amparo"}
        ]
    return found


@wall("Programs of their own stand alone")
def standalone_with_friends(house: House) -> list[str]:
    """The thief and the single-file restore know the published formats, not our code."""
    return [
        f"{who} imports {whom}"
        for who in sorted(house.graph.modules)
        for whom in sorted(house.graph.find_modules_directly_imported_by(who))
        for alone in STANDALONE
        if within(who, alone) != within(whom, alone)
    ]


@wall("Django's cryptography stays in the vault")
def cryptography_of_django(house: House) -> list[str]:
    """External packages are one node in an import graph, so the file itself is read."""
    return [
        finding
        for module in house.modules()
        if module.room != "vault"
        for finding in imports_of(module, DJANGO_CRYPTOGRAPHY)
    ]


@wall("Only messages speak to the network")
def unexpected_connections(house: House) -> list[str]:
    return [
        finding
        for module in house.modules()
        if module.room not in MAY_SPEAK
        for finding in imports_of(module, NETWORK)
    ]


@wall("Nothing is loaded by name")
def loaded_by_name(house: House) -> list[str]:
    """What is imported by a string is seen by no contract."""
    return [
        f"{module.at(node)} calls {word}"
        for module in house.modules()
        if not any(within(module.name, one) for one in MAY_LOAD_BY_NAME)
        for node in module.nodes(ast.Call)
        for word in [called(node)]
        if word in BY_NAME
    ]


@wall("Rules ask no clock")
def rules_that_ask_the_world(house: House) -> list[str]:
    return [
        f"{module.at(node)} calls {word}"
        for module in house.modules()
        if module.name.split(".")[2:3] == ["rules"]
        for node in module.nodes(ast.Call)
        for word in [called(node)]
        if word in CLOCKS_AND_FILES
    ]


@wall("The clock is asked in one place")
def other_clocks(house: House) -> list[str]:
    """A clock of one's own does not move when a story moves the time. Monotonic time may be had."""
    return [
        f"{module.at(node)} asks {ast.unparse(node.func)}"
        for module in house.modules()
        if module.name != "amparo.foundation.clock" and not within(module.name, STANDALONE[0])
        for node in module.nodes(ast.Call)
        if called(node) in {"now", "utcnow", "today", "time", "time_ns"}
        and ast.unparse(node.func) in OTHER_CLOCKS
    ]


@wall("No hidden workflow")
def hidden_workflow(house: House) -> list[str]:
    """No signals, no overridden save or delete, no admin site or ModelForm over sealed tables."""
    found = []
    for module in house.modules():
        found += imports_of(module, HIDDEN_WORKFLOW)
        if "models" not in module.name.split("."):
            continue
        found += [
            f"{module.at(method)} overrides {method.name} of {node.name}"
            for node in module.nodes(ast.ClassDef)
            for method in node.body
            if isinstance(method, ast.FunctionDef) and method.name in {"save", "delete"}
        ]
    return found


@wall("Every file hangs its sign")
def files_without_a_sign(house: House) -> list[str]:
    return [
        module.name
        for module in house.modules()
        if not ast.get_docstring(module.tree) and "migrations" not in module.name.split(".")
    ]


@wall("Names say what is inside")
def hollow_names(house: House) -> list[str]:
    return [
        module.name
        for module in house.modules()
        if HOLLOW_NAMES & {word for part in module.name.split(".") for word in part.split("_")}
    ]


@wall("Nothing grows past a screenful of ideas")
def the_tail(house: House) -> list[str]:
    """The longest, not the average: functions below 60 lines, files below 600."""
    found = []
    for module in house.modules():
        if "migrations" in module.name.split("."):
            continue
        lines = len(module.text.splitlines())
        if lines >= LONGEST_FILE:
            found.append(f"{module.name} has {lines} lines")
        for node in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
            length = node.end_lineno - node.lineno + 1
            if length >= LONGEST_FUNCTION:
                found.append(f"{module.at(node)} {node.name} has {length} lines")
    return found


@wall("Every room has an inside")
def rooms_without_an_inside(house: House) -> list[str]:
    """A room that gets its stair must also get its place in the contract 'Inside a room'."""
    containers = {room_of(name) for name in house.contracts["Inside a room"]["containers"]}
    return sorted(set(house.built) - OF_ITS_OWN_SHAPE - containers)
