"""The page in a real browser: on a phone, on a screen and on paper."""

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import Engine
from support.needs import needs

from edge_agent.fleet.figures import Period, Scope
from edge_agent.fleet.report import report_page
from edge_agent.fleet.simulate import shops

NOW_S = 1_795_946_400  # 2026-11-29 10:00 UTC
WIDTHS = (320, 375, 1280)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a screen."""
    program = needs("chromium")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        opened = playwright.chromium.launch(executable_path=program, args=arguments)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def file(fleet: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reports of all sites and of one, in Italian, which has the longer words."""
    folder = tmp_path_factory.mktemp("pages")
    period = Period(date(2026, 10, 26), date(2026, 11, 28))
    for name, scope in (("all", Scope()), ("one", Scope(site=shops(7, 7)[6].site))):
        (folder / f"{name}.html").write_text(report_page(fleet, scope, period, "it", now_s=NOW_S), encoding="utf-8")
    return folder


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["all", "one"])
def test_it_fits_and_is_silent(browser: Browser, file: Path, name: str, width: int) -> None:
    """Nothing sticks out to the side, nothing is said on the console, nothing is asked of the network."""
    page = browser.new_page(viewport={"width": width, "height": 800})
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto((file / f"{name}.html").as_uri())
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    wide, narrow = (page.locator(f"svg.chart.{size}:visible").count() for size in ("wide", "narrow"))
    assert (wide == 0, narrow == 0) == (width < 600, width > 600)
    page.close()


def test_letters_are_large_enough_on_a_phone(browser: Browser, file: Path) -> None:
    """At 375 pixels no text is smaller than 12, those in the charts included, as they are drawn."""
    page = browser.new_page(viewport={"width": 375, "height": 800})
    page.goto((file / "one.html").as_uri())
    smallest = page.evaluate(
        """() => Math.min(...[...document.querySelectorAll('.report *')]
            .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.getClientRects().length)
            .map(e => {
              const svg = e.closest('svg.chart');
              const scale = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
              return parseFloat(getComputedStyle(e).fontSize) * scale;
            }))"""
    )
    assert smallest >= 12
    page.close()


def test_text_stands_out(browser: Browser, file: Path) -> None:
    """Every text has a contrast of 4.5 against what is behind it (WCAG AA), on the heat map too."""
    page = browser.new_page(viewport={"width": 375, "height": 800})
    page.goto((file / "all.html").as_uri())
    poor = page.evaluate(
        """() => {
          const light = c => { const [r, g, b] = c.match(/[0-9.]+/g).map(v => v / 255)
            .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
            return 0.2126*r + 0.7152*g + 0.0722*b; };
          const behind = e => { for (; e; e = e.parentElement) {
            const c = getComputedStyle(e).backgroundColor;
            if (c !== 'rgba(0, 0, 0, 0)') return c; } return 'rgb(255, 255, 255)'; };
          const poor = [];
          for (const e of document.querySelectorAll('.report *')) {
            if (e.closest('svg') && e.tagName !== 'text') continue;
            if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
            const style = getComputedStyle(e), ink = e.closest('svg') ? style.fill : style.color;
            const [a, b] = [light(ink), light(behind(e))].sort((x, y) => y - x);
            if ((a + 0.05) / (b + 0.05) < 4.5) poor.push(e.outerHTML.slice(0, 80));
          }
          return poor;
        }"""
    )
    assert poor == []
    page.close()


def test_the_keyboard_reaches_every_table(browser: Browser, file: Path) -> None:
    """Tab goes from one table to the next, Enter opens it, and the focus is seen."""
    page = browser.new_page(viewport={"width": 375, "height": 800})
    page.goto((file / "one.html").as_uri())
    count = page.locator("summary").count()
    assert count >= 4
    opened = 0
    for _ in range(3 * count):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "SUMMARY" and not _is_open(page):
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            page.keyboard.press("Enter")
            opened += _is_open(page)
    assert opened == count
    page.close()


def test_it_prints_on_a4(browser: Browser, file: Path, tmp_path: Path) -> None:
    """Paper gets the wide charts, no folded tables, and at most eight pages."""
    page = browser.new_page(viewport={"width": 375, "height": 800})
    page.goto((file / "one.html").as_uri())
    page.emulate_media(media="print")
    assert page.locator("svg.chart.narrow:visible").count() == 0
    assert page.locator("svg.chart.wide:visible").count() > 3
    assert page.locator("details:visible").count() == 0
    printed = page.pdf(path=tmp_path / "report.pdf", format="A4", prefer_css_page_size=True)
    assert 2 <= printed.count(b"/Type /Page\n") <= 8
    page.close()


def _is_open(page: Page) -> bool:
    return bool(page.evaluate("document.activeElement.parentElement.open"))
