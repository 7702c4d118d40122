"""A browser with scripts off: reads pages, fills their forms, keeps cookies only if it is told to."""

import http.client
import re
import uuid
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

HOST = "127.0.0.1"
REDIRECTS = {301, 302, 303}
SILENT = {"script", "style", "svg", "template"}  # what is in them is not for reading


@dataclass(frozen=True)
class Upload:
    """A file that a person chooses."""

    name: str
    kind: str
    data: bytes


@dataclass
class Choice:
    """One answer that a form offers for a field, with the words beside it."""

    value: str
    label: str = ""


@dataclass
class Form:
    """A form as it stands on the page."""

    action: str
    method: str = "get"
    multipart: bool = False
    fields: dict[str, list[str]] = field(default_factory=dict)  # what is sent if nobody types
    names: set[str] = field(default_factory=set)
    choices: dict[str, list[Choice]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def pick(self, name: str, label: str) -> str:
        """The value of the choice whose words hold `label`."""
        for choice in self.choices.get(name, []):
            if label.casefold() in choice.label.casefold():
                return choice.value
        offered = ", ".join(choice.label for choice in self.choices.get(name, []))
        raise LookupError(f"{name} offers no “{label}” (but {offered})")


class _Reader(HTMLParser):
    """Collects text, links, forms and what stands beside each choice."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.lists: list[list[str]] = []
        self.scripts = 0
        self._named: dict[str, Form] = {}
        self._far: list[tuple[str, tuple[str, str]]] = []  # buttons of forms that stand elsewhere
        self._silent = 0
        self._form: Form | None = None
        self._area: str | None = None
        self._select: str | None = None
        self._choice: Choice | None = None
        self._item = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.scripts += tag == "script"
        if tag in SILENT:
            self._silent += 1
        starter = getattr(self, f"_start_{tag}", None)
        if starter:
            starter(given)

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self._silent = max(self._silent - 1, 0)
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            self._area = None
        elif tag == "select":
            self._select = None
        elif tag in {"label", "option"}:
            self._choice = None
        elif tag == "li":
            self._item = False

    def handle_data(self, data: str) -> None:
        if self._area is not None and self._form is not None:
            kept = self._form.fields.setdefault(self._area, [""])
            kept[-1] += data
        if self._silent:
            return
        self.words.append(data)
        if self._choice is not None:
            self._choice.label = " ".join(f"{self._choice.label} {data}".split())
        if self._item and self.lists:
            self.lists[-1][-1] += data

    # --- one method for each tag that matters ---
    def _start_a(self, given: dict[str, str]) -> None:
        if given.get("href"):
            self.links.append(given["href"])

    def _start_ol(self, given: dict[str, str]) -> None:
        self.lists.append([])

    def _start_li(self, given: dict[str, str]) -> None:
        if self.lists:
            self.lists[-1].append("")
            self._item = True

    def _start_form(self, given: dict[str, str]) -> None:
        multipart = given.get("enctype") == "multipart/form-data"
        method = given.get("method", "get").lower()
        self._form = Form(given.get("action", ""), method, multipart)
        self.forms.append(self._form)
        self._named[given.get("id", "")] = self._form

    def _start_input(self, given: dict[str, str]) -> None:
        name, kind = given.get("name", ""), given.get("type", "text")
        if self._form is None or not name:
            return
        self._form.names.add(name)
        if kind in {"radio", "checkbox"}:
            self._choice = Choice(given.get("value", "on"))
            self._form.choices.setdefault(name, []).append(self._choice)
            if "checked" in given:
                self._form.fields.setdefault(name, []).append(self._choice.value)
        elif kind == "submit":
            self._form.buttons.append((name, given.get("value", "")))
        elif kind != "file":
            self._form.fields.setdefault(name, []).append(given.get("value", ""))

    def _start_textarea(self, given: dict[str, str]) -> None:
        name = given.get("name", "")
        if self._form is not None and name:
            self._form.names.add(name)
            self._form.fields.setdefault(name, []).append("")
            self._area = name

    def _start_select(self, given: dict[str, str]) -> None:
        self._select = given.get("name", "")
        if self._form is not None:
            self._form.names.add(self._select)

    def _start_option(self, given: dict[str, str]) -> None:
        if self._form is None or not self._select:
            return
        self._choice = Choice(given.get("value", ""))
        self._form.choices.setdefault(self._select, []).append(self._choice)
        if "selected" in given or self._select not in self._form.fields:
            self._form.fields[self._select] = [self._choice.value]

    def _start_button(self, given: dict[str, str]) -> None:
        if not given.get("name"):
            return
        button = given["name"], given.get("value", "")
        if given.get("form"):
            self._far.append((given["form"], button))
        elif self._form is not None:
            self._form.buttons.append(button)

    def close(self) -> None:
        """Give each button to its form, wherever it stood."""
        super().close()
        for name, button in self._far:
            if name in self._named:
                self._named[name].buttons.append(button)


@dataclass
class Page:
    """What came back."""

    status: int
    path: str
    headers: dict[str, str]
    body: bytes

    def __post_init__(self) -> None:
        self._reader = _Reader()
        if "html" in self.headers.get("content-type", ""):
            self._reader.feed(self.body.decode())
            self._reader.close()

    @property
    def text(self) -> str:
        """What a person reads, with single spaces."""
        return " ".join("".join(self._reader.words).split())

    @property
    def forms(self) -> list[Form]:
        """All forms."""
        return self._reader.forms

    @property
    def scripts(self) -> int:
        """How many scripts the page wants to run."""
        return self._reader.scripts

    @property
    def links(self) -> list[str]:
        """Addresses of its links."""
        return self._reader.links

    def says(self, words: str) -> bool:
        """Whether a person reads these words on it."""
        return " ".join(words.split()) in self.text

    def link(self, pattern: str) -> str:
        """The first link whose address matches."""
        for one in self.links:
            if re.search(pattern, one):
                return one
        raise LookupError(f"{self.path}: no link like {pattern}")

    def items(self, count: int) -> list[str]:
        """The first ordered list with so many items."""
        for one in self._reader.lists:
            if len(one) == count:
                return [" ".join(item.split()) for item in one]
        raise LookupError(f"{self.path}: no list of {count}")

    def form(self, *names: str, to: str = "", **values: str) -> Form:
        """The first form that has these fields, goes to such an address and holds these values."""
        for one in self.forms:
            offered = one.names | {name for name, _ in one.buttons}
            fits = all(one.fields.get(name, [""])[0] == value for name, value in values.items())
            if set(names) <= offered and re.search(to, one.action or self.path) and fits:
                return one
        raise LookupError(f"{self.path} ({self.status}): no form with {', '.join(names) or to}")


@dataclass
class Browser:
    """Somebody at a machine."""

    port: int
    keeps_cookies: bool = False
    cookies: dict[str, str] = field(default_factory=dict)
    offered: list[str] = field(default_factory=list)  # cookies that anybody wanted to set

    def get(self, path: str) -> Page:
        """Look at an address."""
        return self._go("GET", path, b"", "")

    def send(self, page: Page, form: Form, files: dict[str, list[Upload]] | None = None,
             **typed: Any) -> Page:  # fmt: skip
        """Fill a form and press its button. A list is several ticks; None is nothing at all."""
        values = {name: list(given) for name, given in form.fields.items()}
        for name, value in typed.items():
            given = value if isinstance(value, list) else [value]
            values[name] = [str(one) for one in given if one is not None]
        path = urljoin(page.path, form.action or page.path)
        rows = [(name, value) for name, given in values.items() for value in given]
        if form.method != "post":
            return self.get(f"{path}?{urlencode(rows)}")
        if form.multipart:
            body, kind = multipart(rows, files or {})
        else:
            body, kind = urlencode(rows).encode(), "application/x-www-form-urlencoded"
        return self._go("POST", path, body, kind)

    def _go(self, method: str, path: str, body: bytes, kind: str, hops: int = 5) -> Page:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=60)
        head = {"Host": f"localhost:{self.port}", "Accept": "text/html"}
        if method == "POST":
            head |= {"Content-Type": kind, "Origin": f"http://localhost:{self.port}"}
            head["Sec-Fetch-Site"] = "same-origin"
        if self.cookies:
            head["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            connection.request(method, path, body or None, head)
            answer = connection.getresponse()
            came = answer.read()
        finally:
            connection.close()
        self._keep(answer.headers.get_all("Set-Cookie") or [])
        headers = {name.lower(): value for name, value in answer.getheaders()}
        if answer.status in REDIRECTS and hops and headers.get("location", "").startswith("/"):
            return self._go("GET", headers["location"], b"", "", hops - 1)
        return Page(answer.status, urlsplit(path).path, headers, came)

    def _keep(self, wanted: list[str]) -> None:
        for one in wanted:
            name, _, rest = one.partition("=")
            value = rest.partition(";")[0].strip('"')
            self.offered.append(name)
            if not self.keeps_cookies:
                continue
            if value and "max-age=0" not in rest.casefold():
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)


def multipart(rows: list[tuple[str, str]], files: dict[str, list[Upload]]) -> tuple[bytes, str]:
    """(body, content type), fields before files as on the page."""
    mark = f"----{uuid.uuid4().hex}"
    parts: list[bytes] = []
    for name, value in rows:
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        parts += [head.encode(), value.encode(), b"\r\n"]
    for name, sent in files.items():
        for one in sent:
            head = (
                f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; '
                f'filename="{one.name}"\r\nContent-Type: {one.kind}\r\n\r\n'
            )
            parts += [head.encode(), one.data, b"\r\n"]
    parts.append(f"--{mark}--\r\n".encode())
    return b"".join(parts), f"multipart/form-data; boundary={mark}"
