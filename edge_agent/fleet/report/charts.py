"""Charts as SVG that needs nothing else: no script, no font, no address to load from.

pygal draws them. It is pure Python, 1.3 MB, and makes a chart in 10 to 25 ms after 0.1 s of import. vl-convert, the
other candidate, draws as well, but is 84 MB, takes 0.8 s for its first chart, which is the whole time that a report may
take, and 0.1 s for each further one. What pygal adds for its pages (scripts, style sheets with addresses, tooltips) is
taken out again; the colours and fonts are those of the page, in report.css.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from xml.etree.ElementTree import Element

import pygal  # type: ignore[import-untyped]
from markupsafe import Markup
from pygal.style import Style  # type: ignore[import-untyped]

_SIZES: Final = (("wide", 760, 300, 14), ("narrow", 345, 260, 13))
"""Each chart is drawn twice: scaled down to a phone, the letters of the wide one could not be read."""

_LETTER: Final = 0.62  # width of a letter in ems, and
_APART: Final = 1.5  # letters between two labels
_NAMESPACE: Final = "{http://www.w3.org/2000/svg}"
_UNUSED: Final = frozenset({"script", "defs", "desc", "title", "style"})


@dataclass(frozen=True, slots=True)
class Series:
    """One line, or bars of one colour. `look` names its colour and dashes in report.css."""

    name: str
    values: Sequence[float | None]
    look: str


def intervals(triples: Sequence[tuple[float, float, float] | None], look: str) -> tuple[Series, ...]:
    """Bars from the low to the high end of (low, value, high), with a step where the value is; for `stacked`."""
    parts = [(low, value - low, high - value) for low, value, high in (each or (0, 0, 0) for each in triples)]
    looks = ("nothing", look, f"{look}-light")
    return tuple(Series("", [part[n] for part in parts], each) for n, each in enumerate(looks))


def chart(
    kind: Literal["line", "bar", "stacked"],
    name: str,
    alt: str,
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    number: Callable[[float], str],
    top: float | None = None,
) -> Markup:
    """Draw a chart, in the two sizes of which the page shows one.

    Args:
        kind: what to draw.
        name: of its own on the page.
        alt: what is to be seen, for people who cannot.
        labels: along the bottom.
        series: what is drawn.
        number: writes a number of the scale as people do here.
        top: end of the scale, where it is not the largest number.
    """
    makers = {"line": pygal.Line, "bar": pygal.Bar, "stacked": pygal.StackedBar}
    parts = []
    for size, width, height, font in _SIZES:
        drawn = makers[kind](
            width=width,
            height=height,
            margin=6,
            spacing=6,
            js=[],
            css=[],
            style=Style(label_font_size=font, major_label_font_size=font, legend_font_size=font, no_data_font_size=20),
            show_legend=all(one.name for one in series) and len(series) > 1,
            legend_at_bottom=True,
            legend_at_bottom_columns=2 if size == "narrow" else min(len(series), 4),
            legend_box_size=font,
            include_x_axis=True,
            range=(0, top) if top is not None else None,
            max_scale=6,
            value_formatter=number,
            show_minor_x_labels=False,
            truncate_label=-1,
            truncate_legend=-1,
            dots_size=2.5 if len(labels) <= 31 else 1,
            allow_interruptions=True,
            disable_xml_declaration=True,
        )
        drawn.uuid = f"{name}-{size}"
        drawn.x_labels = labels
        step = _step(labels, width - 70, font)
        drawn.x_labels_major = labels[::step]
        drawn.x_labels_major_every = step
        for one in series:
            drawn.add(one.name, list(one.values))
        drawn.add_xml_filter(_Plain(size, alt, [one.look for one in series]))
        parts.append(drawn.render(is_unicode=True))
    return Markup("").join(Markup(part) for part in parts)  # noqa: S704 - pygal escapes, and _Plain takes out the rest


def _step(labels: Sequence[str], width: float, font: float) -> int:
    """Every how many-th label there is room for."""
    widest = (max(map(len, labels), default=1) + _APART) * _LETTER * font
    return max(1, -(-len(labels) * round(widest) // round(width)))


class _Plain:
    """Leaves of pygal's tree what is seen, and says for a screen reader what that is."""

    def __init__(self, size: str, alt: str, looks: Sequence[str]) -> None:
        self._size = size
        self._alt = alt
        self._looks = looks

    def __call__(self, root: Element) -> Element:
        for parent in list(root.iter()):
            for child in list(parent):
                words = child.get("class", "").split()
                tag = child.tag.removeprefix(_NAMESPACE) if isinstance(child.tag, str) else None
                if tag is None or tag in _UNUSED or "overlay" in words or "tooltip-overlay" in words:
                    parent.remove(child)
        for each in root.iter():
            each.set("class", " ".join(self._words(each)))
            if not each.get("class"):
                del each.attrib["class"]
            if "id" in each.attrib:
                del each.attrib["id"]
        root.set("class", f"chart {self._size}")
        root.set("role", "img")
        root.set("aria-label", self._alt)
        return root

    def _words(self, each: Element) -> list[str]:
        found = []
        for word in each.get("class", "").split():
            place = word.rpartition("-")[2]
            if word.startswith(("color-", "serie-")) and place.isdigit():
                found.append(self._looks[int(place)] if int(place) < len(self._looks) else word)
            elif word not in ("reactive", "activate-serie", "tooltip-trigger"):
                found.append(word)
        return list(dict.fromkeys(found))
