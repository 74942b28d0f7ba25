"""Reads a page as a browser does, as far as the tests need it."""

import re
from html.parser import HTMLParser
from typing import Final

_VOID: Final = frozenset({"meta", "br", "link", "img", "hr", "input", "rect", "path", "circle"})


class Page(HTMLParser):
    """The elements and the text of a page; raises where it is not well formed."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.html = html
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.style = ""
        self.title = ""
        self._open: list[str] = []
        self._text: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == [], f"never closed: {self._open}"

    @property
    def text(self) -> str:
        """What can be read, blanks folded."""
        return re.sub(r"\s+", " ", " ".join(self._text)).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See the base class."""
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """See the base class."""
        if tag in _VOID:
            return
        assert self._open, f"</{tag}> closes nothing"
        assert self._open[-1] == tag, f"</{tag}> closes <{self._open[-1]}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        """See the base class."""
        where = self._open[-1] if self._open else ""
        if where == "style":
            self.style += data
        elif "title" in self._open and "svg" not in self._open:
            self.title += data
        else:
            self._text.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]

    def blanks(self) -> int:
        """How many fields are left to fill in."""
        return sum(attributes.get("class") == "blank" for _, attributes in self.elements)
