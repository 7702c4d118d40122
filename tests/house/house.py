"""The house as its tests see it: a folder with the package, and the contracts it is held to."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from io import StringIO
from pathlib import Path
from typing import Any

import grimp
from importlinter import configuration
from importlinter.application import use_cases

configuration.configure()

DOORS = frozenset({"web", "api", "cli", "engine"})
OF_ITS_OWN_SHAPE = frozenset({"foundation", "vault", "proofs"}) | DOORS
# Programs of their own: they ship with the package, but share no line with it.
STANDALONE = ("amparo.proofs.thief", "amparo.vault.restore")


@lru_cache(maxsize=2000)
def parse(text: str) -> ast.Module:
    return ast.parse(text)


@lru_cache(maxsize=2000)
def by_kind(text: str) -> dict[type[ast.AST], list[Any]]:
    """All nodes of a file, sorted by kind once, for many walls ask for the same few kinds."""
    nodes: dict[type[ast.AST], list[Any]] = {}
    for node in ast.walk(parse(text)):
        nodes.setdefault(type(node), []).append(node)
    return nodes


@dataclass(frozen=True)
class Module:
    """One file of the package."""

    name: str  # dotted, a package without its __init__
    path: Path
    text: str

    @property
    def tree(self) -> ast.Module:
        return parse(self.text)

    @property
    def room(self) -> str:
        return room_of(self.name)

    def imports(self) -> Iterator[tuple[str, str, int]]:
        """Each import as (module, name, line), relative ones resolved; for `import x` no name."""
        for node in self.nodes(ast.Import):
            yield from ((alias.name, "", node.lineno) for alias in node.names)
        for node in self.nodes(ast.ImportFrom):
            source = node.module or ""
            if node.level:
                here = self.name.split(".")
                up = node.level - (self.path.name == "__init__.py")
                source = ".".join([*here[: len(here) - up], *filter(None, [node.module])])
            yield from ((source, alias.name, node.lineno) for alias in node.names)

    def nodes(self, *kinds: type[ast.AST]) -> Iterator[Any]:
        for kind in kinds:
            yield from by_kind(self.text).get(kind, ())

    def at(self, node: ast.AST) -> str:
        return f"{self.name}:{getattr(node, 'lineno', 0)}"


def room_of(module: str) -> str:
    """The room of a dotted name, empty for the package itself."""
    return module.split(".")[1] if "." in module else ""


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def called(node: ast.Call) -> str:
    """The last word of what is called: `now` for `datetime.now()`."""
    return str(getattr(node.func, "attr", getattr(node.func, "id", "")))


@contextmanager
def found_first(src: Path) -> Iterator[None]:
    """Have the import system find the package in `src`, although the tests run another copy."""
    loaded = sys.modules.pop("amparo", None)
    sys.path.insert(0, str(src))
    try:
        yield
    finally:
        sys.path.remove(str(src))
        if loaded:
            sys.modules["amparo"] = loaded


@dataclass
class House:
    """A package `amparo` in `src`, judged by the contracts in `config`."""

    src: Path
    config: Path
    _graph: grimp.ImportGraph | None = field(default=None, repr=False)

    @property
    def graph(self) -> grimp.ImportGraph:
        """Who imports whom, of the files as they are now; `forget` after changing one."""
        if self._graph is None:
            with found_first(self.src):
                self._graph = grimp.build_graph("amparo", cache_dir=None)
        return self._graph

    def forget(self) -> None:
        self._graph = None

    @cached_property
    def contracts(self) -> dict[str, dict[str, Any]]:
        linter = tomllib.loads(self.config.read_text())["tool"]["importlinter"]
        return {contract["name"]: contract for contract in linter["contracts"]}

    @cached_property
    def stairs(self) -> dict[str, int]:
        """Room -> height; rooms on one landing have the same height."""
        landings = reversed(self.contracts["The stairs"]["layers"])
        return {
            room.strip(" ()"): height
            for height, landing in enumerate(landings)
            for room in landing.split("|")
        }

    @cached_property
    def built(self) -> list[str]:
        """The rooms that stand, from the top: those without brackets."""
        landings = "|".join(self.contracts["The stairs"]["layers"])
        return [room.strip() for room in landings.split("|") if "(" not in room]

    def place(self, file: str) -> Path:
        """The path of a module, given as room/name.py; of its __init__ if it is a folder."""
        path = self.src / "amparo" / file
        folder = path.with_suffix("") / "__init__.py"
        return folder if folder.exists() else path

    def modules(self) -> Iterator[Module]:
        """Every file as it is now."""
        for path in sorted(self.src.glob("amparo/**/*.py")):
            name = ".".join(path.relative_to(self.src).with_suffix("").parts)
            yield Module(name.removesuffix(".__init__"), path, path.read_text())

    def broken_contracts(self) -> set[str]:
        """Names of the contracts that import-linter finds broken, in this process."""
        options = use_cases.read_user_options(str(self.config))
        use_cases._register_contract_types(options)
        with found_first(self.src), redirect_stdout(StringIO()):
            report = use_cases.create_report(options, cache_dir=None)
        assert not report.invalid_contract_options, report.invalid_contract_options
        verdicts = {
            contract.name: check.kept for contract, check in report.get_contracts_and_checks()
        }
        assert verdicts.keys() == self.contracts.keys()
        return {name for name, kept in verdicts.items() if not kept}
