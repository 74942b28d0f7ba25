"""Notices, record and assessment: what the configuration says stands in them, and nothing that it does not say."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from compliance.conftest import DOOR, TILL, TODAY, configuration
from compliance.pages import Page
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.compliance.controller import Controller
from edge_agent.compliance.documents import DOCUMENTS, LANGUAGES, make
from edge_agent.compliance.facts import facts
from edge_agent.config import load

EVERY = [(kind, language) for kind in DOCUMENTS for language in LANGUAGES]


def _page(kind: str, language: str, config: Path, controller: Controller | None = None) -> Page:
    return Page(make(kind, language, facts(load(config)), controller or Controller(), TODAY).html)


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_pages_are_complete_and_accessible(kind: str, language: str, all_on: Path) -> None:
    """Well formed, in a declared language, one main heading, no level left out, tables with named headers."""
    page = _page(kind, language, all_on)
    assert page.named("html") == [{"lang": language}]
    assert page.title
    assert page.named("meta")[1] == {"name": "viewport", "content": "width=device-width, initial-scale=1"}
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all("scope" in attributes for attributes in page.named("th"))
    assert len(page.named("main")) == 1


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_pages_need_nothing_from_elsewhere(kind: str, language: str, all_on: Path, controller: Controller) -> None:
    """No script, no font, no picture and no style comes from another address; the page itself forbids it."""
    page = _page(kind, language, all_on, controller)
    tags = {tag for tag, _ in page.elements}
    assert tags.isdisjoint({"script", "link", "img", "iframe", "object", "embed", "base", "form", "a"})
    for _, attributes in page.elements:
        assert {"src", "href", "xlink:href", "srcset", "style", "background"}.isdisjoint(attributes)
        assert not any(name.startswith("on") for name in attributes)
    assert not re.search(r"url\(|@import|//", page.style)
    policy = {"http-equiv": "Content-Security-Policy", "content": "default-src 'none'; style-src 'unsafe-inline'"}
    assert policy in page.named("meta")


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_pages_say_their_paper(kind: str, language: str, all_on: Path) -> None:
    """The notice is printed on A5, the others on A4."""
    sizes = re.findall(r"@page \{ size: (A\d) portrait", _page(kind, language, all_on).style)
    assert sizes[-1] == ("A5" if kind == "notice" else "A4")


_ON = {"it": ("sesso apparente", "fascia d’età apparente", "7"), "en": ("apparent sex", "apparent age band", "7")}
_OFF = {"it": "sesso", "en": "sex"}


@pytest.mark.parametrize("kind", ["notice", "full-notice", "dpia"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_on_is_said(kind: str, language: str, all_on: Path) -> None:
    """With demographics on, sex, age band and k are said; the full notice names the bands, the noise and the tables."""
    text = _page(kind, language, all_on).text
    assert all(words in text for words in _ON[language])
    if kind == "full-notice":
        for words in ("20–29, 30–39, 40–49, 50–59", {"it": "ε = 1,5", "en": "ε = 1.5"}[language]):
            assert words in text
        never = {
            "it": "la fascia più giovane non è mai combinata con il sesso",
            "en": "the youngest band is never combined with sex",
        }
        assert never[language] in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_off_is_not_claimed(language: str, all_off: Path) -> None:
    """Without demographics the notice has no word on them, the full notice says that there are none, and so on."""
    assert _OFF[language] not in _page("notice", language, all_off).text
    full = _page("full-notice", language, all_off).text
    assert {"it": "non stima il sesso, l’età", "en": "does not estimate sex, age"}[language] in full
    assert full.count(_OFF[language]) == 1
    for words in {"it": ("soste", "Contatori", "zone"), "en": ("stays", "Counters", "areas")}[language]:
        assert words not in full
    dpia = _page("dpia", language, all_off).text
    assert {"it": "non ne stima i caratteri", "en": "does not estimate their traits"}[language] in dpia
    assert "ε" not in dpia


@pytest.mark.parametrize("kind", ["record", "dpia"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_how_numbers_travel_is_told_as_it_is(kind: str, language: str, tmp_path: Path) -> None:
    """An unencrypted connection is said to be one; an encrypted one, and one within the device, as well."""
    words = {
        "mqtt://broker.example": {
            "it": "non cifrato: da proteggere prima dell’uso",
            "en": "not encrypted: protect it before use",
        },
        "mqtts://broker.example": {"it": "cifrato (TLS)", "en": "ncrypted (TLS)"},
        "mqtt://127.0.0.1": {"it": "all’apparecchio", "en": "within the device"},
    }
    for url, said in words.items():
        config = configuration(tmp_path, [{"name": "entrance", "line": [DOOR]}], broker={"url": url})
        assert said[language] in _page(kind, language, config).text


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_nothing_is_invented(kind: str, language: str, all_on: Path, controller: Controller) -> None:
    """What nobody said is a blank in the page and in the list; with everything said, only signatures are left."""
    empty = make(kind, language, facts(load(all_on)), Controller(), TODAY)
    assert Page(empty.html).blanks() >= len(empty.missing) > 0
    for field in empty.missing:
        assert getattr(Controller(), field, None) is None
    whole = make(kind, language, facts(load(all_on)), controller, TODAY)
    assert whole.missing == ()
    assert (Page(whole.html).blanks() > 0) == (kind in ("record", "dpia"))
    text = Page(whole.html).text
    assert ".." not in text
    assert controller.name is not None
    assert controller.name.rstrip(".") in text


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_pages_are_drafts_until_a_lawyer_confirms(
    kind: str, language: str, all_on: Path, controller: Controller
) -> None:
    """Each page says that a lawyer has to confirm it; once one has, it says who did and when."""
    word = {"it": "Bozza", "en": "Draft"}[language]
    assert word in _page(kind, language, all_on, controller).text
    confirmed = controller.model_copy(update={"confirmed_by": "Avv. Bianchi", "confirmed_on": TODAY})
    text = _page(kind, language, all_on, confirmed).text
    assert "Avv. Bianchi" in text
    assert {"it": "29 novembre 2026", "en": "29 November 2026"}[language] in text
    assert {"it": "da far confermare a un legale", "en": "to be confirmed by a lawyer"}[language] not in text


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_the_reference_is_named(kind: str, language: str, all_on: Path) -> None:
    """Each page names the decision of the Garante that it follows."""
    assert "551/2017" in _page(kind, language, all_on).text


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
def test_whatever_stands_in_a_field_stays_text(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Markup in a value is shown, not obeyed: the page keeps its elements, and the value is read as it was written."""
    config = configuration(tmp_path_factory.getbasetemp(), [{"name": "entrance", "line": [DOOR], "zone": [TILL]}])
    hostile = f"<script>alert('x')</script>\" onload=x {text}"
    names = ("name", "contact", "dpo", "retention")
    values: list[dict[str, Any]] = [dict.fromkeys(names, value) for value in ("x" * len(hostile), hostile)]
    plain, marked = (Controller.model_construct(**said) for said in values)
    for kind in DOCUMENTS:
        page = _page(kind, "it", config, marked)
        assert page.elements == _page(kind, "it", config, plain).elements
        assert re.sub(r"\s+", " ", hostile).strip() in page.text


def test_long_names_do_not_break_a_page(tmp_path: Path) -> None:
    """The longest names that a configuration can have are kept whole, and may be broken anywhere."""
    name = "x" * 63
    config = configuration(
        tmp_path, [{"name": name, "line": [{**DOOR, "name": name}], "zone": [{**TILL, "name": name}]}]
    )
    for kind, language in EVERY:
        page = _page(kind, language, config)
        assert "overflow-wrap: anywhere" in page.style
        assert kind in ("notice", "full-notice") or name in page.text


def test_the_code_on_the_notice_leads_to_the_full_notice(all_on: Path, controller: Controller) -> None:
    """The squares of the QR code, read as a phone does, are the address; without an address there is no code."""
    page = _page("notice", "it", all_on, controller)
    path = next(attributes["d"] for attributes in page.named("path") if attributes.get("class") == "qrline")
    assert path is not None
    text, _, _ = cv2.QRCodeDetector().detectAndDecode(_drawn(path))
    assert text == controller.url
    assert not any(attributes.get("class") == "qrline" for attributes in _page("notice", "it", all_on).named("path"))


def _drawn(path: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The picture of a path of horizontal strokes, eight pixels to a module."""
    picture = np.full((128, 128), 255, np.uint8)
    x = y = 0.0
    for kind, first, _, second in re.findall(r"([Mmh])(-?[\d.]+)([ ,]?(-?[\d.]+))?", path):
        if kind == "h":
            picture[int(y), int(x) : int(x + float(first))] = 0
            x += float(first)
        elif kind == "M":
            x, y = float(first), float(second)
        else:
            x, y = x + float(first), y + float(second or 0)
    size = int(y) + 5
    drawn = cv2.resize(picture[:size, :size], None, fx=8, fy=8, interpolation=cv2.INTER_NEAREST)
    return np.asarray(drawn, np.uint8)


def test_text_can_be_read_against_its_background(all_on: Path) -> None:
    """Every colour of text has a contrast of 4.5 to 1 at least with the background that its rule has, else white."""
    style = _page("notice", "it", all_on).style + _page("dpia", "it", all_on).style
    rules = re.findall(r"\{([^{}]*)\}", style)
    checked = 0
    for rule in rules:
        ink = re.search(r"(?<![-\w])color: (#\w+)", rule)
        if ink is not None:
            paper = re.search(r"background: (#\w+)", rule)
            assert _contrast(ink[1], paper[1] if paper else "#fff") >= 4.5, rule
            checked += 1
    assert checked >= 4


def _contrast(ink: str, paper: str) -> float:
    """WCAG 2.2, 1.4.3."""
    light, dark = sorted((_luminance(ink), _luminance(paper)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
