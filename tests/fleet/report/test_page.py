"""The page: whole, true, without anything from elsewhere, in every state that a shop can be in."""

import json
import re
from datetime import date
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import Engine
from support.told_hours import Store, visitors

from edge_agent.fleet.figures import Period, Scope, gather
from edge_agent.fleet.report import body_of, page_of, report_css, report_page
from edge_agent.fleet.report.numbers import LANGUAGES, Language
from edge_agent.fleet.report.plain import plain
from edge_agent.fleet.simulate import shops, truth

PERIOD = Period(date(2026, 11, 23), date(2026, 11, 28))
NOW_S = 1_795_946_400  # 2026-11-29 10:00 UTC
VOID = frozenset({"meta", "link", "br", "rect", "path", "circle"})


class Page(HTMLParser):
    """Reads a page, and fails on an element that is not closed or closed twice."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.ids: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember it."""
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember it; there is nothing to close."""
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        """Nothing else may be open."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Remember what can be read."""
        if self.open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        """What a reader sees, with plain spaces."""
        return " ".join(" ".join(self.words).replace("\N{NO-BREAK SPACE}", " ").split())


def assert_stands_alone(text: str) -> Page:
    """No script, nothing from elsewhere, well formed, charts that XML readers take."""
    page = Page(text)
    assert "script" not in page.tags
    allowed = {"data:,", "http://www.w3.org/2000/svg"}
    for tag, name, value in page.attributes:
        assert not name.startswith("on"), (tag, name)
        if name in ("href", "src", "xlink:href", "xmlns", "action", "srcset", "data"):
            assert value in allowed, (tag, name, value)
    css = re.sub(r"/\*.*?\*/", "", report_css())
    assert "url(" not in css
    assert "@import" not in css
    assert len(page.ids) == len(set(page.ids))
    for svg in re.findall(r"<svg xmlns=.*?</svg>", text, re.DOTALL):
        root = ET.fromstring(svg)  # noqa: S314 - our own chart
        assert root.get("role") == "img"
        assert root.get("aria-label")
    return page


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_rich_report_stands_alone_and_has_all_its_parts(fleet: Engine, language: Language) -> None:
    """One file: heat map, trend, sites, women and men, age, capture, dwell, inside, and what is missing."""
    for scope in (Scope(), Scope(site=shops(7, 7)[6].site)):
        text = report_page(fleet, scope, PERIOD, language, now_s=NOW_S)
        page = assert_stands_alone(text)
        wanted = {"r-short", "r-heat", "r-trend", "r-women", "r-age", "r-capture", "r-dwell", "r-inside", "r-missing"}
        assert wanted <= set(page.ids)
        assert ("r-sites" in page.ids) == scope.is_all
        assert f'lang="{language}"' in text
        assert "{" not in page.text, "a blank that nobody filled in"


def test_every_chart_has_its_table(fleet: Engine) -> None:
    """Whoever cannot see a chart finds its numbers in a table of the same section; every table names its columns."""
    text = report_page(fleet, Scope(site=shops(7, 7)[6].site), PERIOD, now_s=NOW_S)
    for section in re.findall(r"<section.*?</section>", text, re.DOTALL):
        if 'class="chart' in section:
            assert "<table" in section
    assert text.count("<th ") == text.count('<th scope="')


def test_the_page_says_what_was_counted(fleet: Engine) -> None:
    """The number on top is the truth, and so is each day in the table."""
    shop = shops(7, 7)[6]
    told = list(truth(shop, PERIOD.first, PERIOD.last))
    text = assert_stands_alone(report_page(fleet, Scope(site=shop.site), PERIOD, now_s=NOW_S)).text
    assert f"{sum(hour.counted for hour in told):,} people came in." in text
    for day in PERIOD.days:
        count = sum(hour.counted for hour in told if hour.local_day == day.isoformat())
        assert re.search(rf"\w+day {day.day} November {count:,} ", text)


def test_no_device_at_all(store: Store) -> None:
    """An empty store is a page that says so, in both languages."""
    for language, says in (("en", "No device has told"), ("it", "Nessun dispositivo ha riferito")):
        text = report_page(store.engine, Scope(), PERIOD, language, now_s=NOW_S)  # type: ignore[arg-type]
        assert says in assert_stands_alone(text).text


def test_a_single_hour(store: Store) -> None:
    """One hour of one day is a report, and the rest of the day is missing."""
    store.hour("2026-11-28T10", entered=1)
    text = assert_stands_alone(report_page(store.engine, Scope(), Period(PERIOD.last, PERIOD.last), now_s=NOW_S)).text
    assert "One person came in." in text
    assert "the device has fallen silent" in text
    assert "Visitors are not read here" in text


def test_all_blind(store: Store) -> None:
    """A camera that saw nothing is no empty shop: no zero on top, no chart, the cause below."""
    for hour in range(24):
        store.hour(f"2026-11-28T{hour:02d}", blind_s=3600)
    page = assert_stands_alone(report_page(store.engine, Scope(), Period(PERIOD.last, PERIOD.last), now_s=NOW_S))
    assert "so there is no number to tell" in page.text
    assert "people came in" not in page.text
    assert "the camera was covered or dark 24 h 100 %" in page.text
    assert "r-heat" not in page.ids


def test_all_suppressed(store: Store) -> None:
    """Visitors whose cells are all hidden are told as hidden, without a share and without a guess."""
    for hour in range(10, 14):
        store.hour(f"2026-11-28T{hour}", entered=6, demographics=visitors(2, 2, 2, None))
    text = assert_stands_alone(report_page(store.engine, Scope(), Period(PERIOD.last, PERIOD.last), now_s=NOW_S)).text
    assert "Of 24 visitors so few of a kind were read that no share of women and men can be told." in text
    assert "24 visitors in all: 0 read, 0 not readable, 24 hidden" in text
    assert "So few of a kind were read that no shares of age can be told." in text


def test_who_is_unknown_is_always_told(store: Store) -> None:
    """A share stands beside how many were read, how many could not be, and how many are hidden."""
    store.hour("2026-11-28T10", entered=60, demographics=visitors(40, 20, 15, (660, 580, 740)))
    store.hour("2026-11-28T11", entered=6, demographics=visitors(2, 2, 2, None))
    text = assert_stands_alone(report_page(store.engine, Scope(), Period(PERIOD.last, PERIOD.last), now_s=NOW_S)).text
    assert (
        "On Saturday between 10 and 12 most customers were women (58–74 %). Over the whole period most of those read "
        "were women, 66 % (58–74 %). That is of 60 visitors who were read; 15 could not be read, 6 are hidden" in text
    )


def test_a_chance_majority_is_not_spoken_of(store: Store) -> None:
    """With many windows looked at, one that only just passes its own 95 % is no news."""
    for hour in range(8, 20):
        share = (540, 505, 575) if hour < 10 else (500, 465, 535)
        store.hour(f"2026-11-28T{hour:02d}", entered=60, demographics=visitors(40, 40, 10, share))
    text = assert_stands_alone(report_page(store.engine, Scope(), Period(PERIOD.last, PERIOD.last), now_s=NOW_S)).text
    assert "most customers were" not in text


def test_names_are_shown_and_not_run(store: Store) -> None:
    """A site's name is text, whatever is in it."""
    store.device("milano-01", name="<script>alert(1)</script> & Söhne")
    store.hour("2026-11-28T10", entered=1)
    text = report_page(store.engine, Scope(site="milano-01"), PERIOD, now_s=NOW_S)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Söhne" in text
    assert_stands_alone(text)


def test_the_body_can_stand_in_another_page(fleet: Engine) -> None:
    """The article has no head of its own, and every rule of its style sheet is for what is inside of it."""
    body = body_of(gather(fleet, Scope(), PERIOD, now_s=NOW_S), "en")
    assert body.startswith('<article class="report">')
    assert "<html" not in body
    rules = re.sub(r"@media[^{]*\{|@page[^}]*\}", "", report_css())
    for selector in re.findall(r"([^{}]+)\{", rules):
        for each in selector.split(","):
            assert each.strip().startswith((".report", "}")), each


def test_json_has_the_same_numbers(fleet: Engine) -> None:
    """What a program gets is what the page shows, and survives being written."""
    figures = gather(fleet, Scope(), PERIOD, now_s=NOW_S)
    told = json.loads(json.dumps(plain(figures)))
    assert told["schema"] == "edge-agent/fleet-report/v1"
    assert told["total"]["entered"] == figures.total.entered == sum(day["entered"] for day in told["days"])
    assert sum(site["entered"] for site in told["by_site"]) == figures.total.entered
    assert told["in_short"]["it"][0] in page_of(figures, "it")
    assert sum(told["missing"]["causes_s"].values()) == told["total"]["missing_s"]
