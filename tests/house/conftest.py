"""A copy of the real house that a test may trespass in."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.house.house import House

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> House:
    """All Python files of src; what the doors show (templates, styles) is not judged here."""

    def only_python(_: str, names: list[str]) -> set[str]:
        return {name for name in names if Path(name).suffix not in {"", ".py"}} | {"__pycache__"}

    src = tmp_path_factory.mktemp("house") / "src"
    shutil.copytree(ROOT / "src", src, ignore=only_python)
    return House(src, ROOT / "pyproject.toml")


@pytest.fixture
def house(copy: House) -> House:
    return copy


@pytest.fixture
def write(house: House) -> Iterator[Callable[[str, str], None]]:
    """Append lines to a file of the copy (an empty text: replace it by nothing), then undo it."""
    before: dict[Path, str | None] = {}

    def change(file: str, lines: str) -> None:
        path = house.place(file)
        made = [path]
        folder = path.parent
        while not (folder / "__init__.py").exists() and folder != house.src:
            made.append(folder / "__init__.py")
            folder = folder.parent
        for one in made:
            before.setdefault(one, one.read_text() if one.exists() else None)
            one.parent.mkdir(parents=True, exist_ok=True)
            if not one.exists():
                one.write_text('"""A file that was not there before."""\n')
        path.write_text(f"{path.read_text()}\n{lines}\n" if lines else "")
        house.forget()

    yield change
    for path, text in before.items():
        if text is None:
            path.unlink()
        else:
            path.write_text(text)
    for path in before:
        if path.parent.is_dir() and not any(path.parent.iterdir()):
            path.parent.rmdir()
    house.forget()
