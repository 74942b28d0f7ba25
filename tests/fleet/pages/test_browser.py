"""The pages in a real Chromium: no error, no overflow on a phone, all by keyboard, names never markup."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine, text
from support.broker import Broker, Listener
from support.browser import DESK_PX, PHONE_PX, Watched
from support.pages import Pages, Store, open_folder, state_message

from edge_agent.fleet.simulate import fill, shops

PASSWORD = "correct horse battery"  # noqa: S105 - of users that the tests make
PATHS = (
    "/",
    "/?q=torino&sort=coverage&order=desc",
    "/devices/shop/torino-02/door-1",
    "/devices/shop/pisa-05/door-1",
    "/devices/other/nowhere/door-9",
    "/problems?all=1",
    "/quarantine",
    "/dead-letters",
    "/live",
    "/report",
)
PAINTED = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const over = (front, back) => front.slice(0, 3).map((each, i) => each * front[3] + back[i] * (1 - front[3]));
  const light = (rgb) => rgb.slice(0, 3).map((each) => each / 255)
    .map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
    .reduce((sum, each, i) => sum + each * [0.2126, 0.7152, 0.0722][i], 0);
  const rgba = (text) => { const [r, g, b, a = 1] = parse(text); return [r, g, b, a]; };
  const ground = (element) => {
    const stack = [];
    for (let each = element; each; each = each.parentElement)
      stack.unshift(rgba(getComputedStyle(each).backgroundColor));
    return stack.reduce((below, each) => over(each, below), [255, 255, 255]);
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((each) => each.nodeType === 3 && each.textContent.trim());
    if (!own || !element.checkVisibility() || element.closest(".hidden, .paper, option")) continue;
    const style = getComputedStyle(element), back = ground(element);
    const [a, b] = [light(over(rgba(style.color), back)), light(back)];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) poor.push(`${element.textContent.trim().slice(0, 30)}: ${contrast.toFixed(2)}`);
  }
  return poor;
}"""


def go(watched: Watched, pages: Pages, path: str) -> Page:
    """Open a page."""
    watched.page.goto(pages.url.rstrip("/") + path)
    return watched.page


@pytest.mark.parametrize(("width_px", "locale", "dark"), [(PHONE_PX, "it-IT", False), (DESK_PX, "en-GB", True)])
def test_every_page_is_clean(browser: Browser, pages: Pages, width_px: int, locale: str, *, dark: bool) -> None:
    """No word on the console, nothing beside the window, one heading, contrast AA, the language of the browser."""
    with Watched(browser, width_px, locale=locale, dark=dark) as watched:
        for path in PATHS:
            page = go(watched, pages, path)
            assert watched.wrong == [], path
            assert watched.overflow_px() <= 0, path
            assert page.locator("h1").count() == 1, path
            assert page.locator("html").get_attribute("lang") == locale[:2], path
            assert page.evaluate(PAINTED) == [], path


def test_names_are_never_markup(browser: Browser, pages: Pages) -> None:
    """Regions, reasons, topics and payloads that are written as scripts are shown as they are written."""
    with Watched(browser) as watched:
        for path in ("/devices/shop/torino-02/door-1", "/problems?all=1", "/live", "/report"):
            page = go(watched, pages, path)
            assert page.locator("script").count() == 1, path
            assert page.locator("img[src=x], b").count() == 0, path
        assert watched.wrong == []
        assert "<script>alert(1)</script>" in go(watched, pages, "/").locator("tbody").inner_text()
        letter = go(watched, pages, "/dead-letters").locator(".payload").inner_text()
        assert "<img src=x onerror=alert(2)>\nsecond" in letter
        assert len(letter) < 500


def test_the_list_is_sorted_and_filtered_by_keyboard_alone(browser: Browser, pages: Pages) -> None:
    """Tab reaches the skip link, the pages, the counts, the filter, every column and every device; Enter works."""
    with Watched(browser) as watched:
        page = go(watched, pages, "/")
        reached = []
        for _ in range(60):
            page.keyboard.press("Tab")
            told = page.evaluate(
                "(document.activeElement.getAttribute('href') || document.activeElement.name || "
                "document.activeElement.type || 'end') + ' ' + getComputedStyle(document.activeElement).outlineStyle"
            )
            reached.append(told.partition(" ")[0])
            if reached[-1] == "end":
                break
            assert told.endswith(" solid"), f"the focus on {told} cannot be seen"
        assert reached[0] == "#content"
        wanted = ["/live", "/?state=silent", "q", "state", "site", "region", "submit", "/?sort=coverage"]
        wanted += ["/devices/shop/bari-04/door-1", "/devices/shop/torino-02/door-1", "/api/v1/openapi.json"]
        places = [reached.index(each) for each in wanted]
        assert places == sorted(places)

        page.locator("thead a", has_text="Temp.").focus()
        page.keyboard.press("Enter")
        expect(page.locator("th[aria-sort=ascending]")).to_have_text("Temp. ↑")
        page.locator("thead a", has_text="Temp.").focus()
        page.keyboard.press("Enter")
        expect(page.locator("th[aria-sort=descending]")).to_have_text("Temp. ↓")
        assert "torino" in page.locator("tbody tr").first.inner_text()
        page.locator("input[name=q]").focus()
        page.keyboard.type("milano")
        page.keyboard.press("Enter")
        expect(page.locator("tbody tr")).to_have_count(1)
        assert watched.wrong == []


def test_pages_work_without_scripts(browser: Browser, pages: Pages) -> None:
    """Sorting, filtering and every link are the server's; scripts only move what is there."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{pages.url}?sort=version&order=desc")
    assert page.locator("tbody th").first.inner_text().startswith("shop/torino-02/door-1")  # 0.10.0 is after 0.9.0
    page.get_by_role("link", name="offline").first.click()
    assert page.locator("tbody tr").count() == 1
    page.get_by_role("link", name="shop/roma-03/door-1").click()
    assert page.get_by_role("heading", level=1).inner_text() == "shop/roma-03/door-1"
    page.get_by_role("link", name="Italiano").click()
    assert "non in linea" in page.locator("main").inner_text()
    page.get_by_role("link", name="Problemi").first.click()
    assert page.get_by_role("heading", level=1).inner_text() == "Problemi"  # the language is kept
    context.close()


def test_none_one_and_a_thousand_devices(browser: Browser, tmp_path: Path) -> None:
    """An empty fleet says how to begin; a thousand are pages of a hundred that cost less than a second each.

    A store that fails at last is a page and a status, and no crash.
    """
    engine = open_folder(tmp_path)
    store = Store(engine, int(time.time()))
    with Pages(tmp_path) as pages, Watched(browser, PHONE_PX) as watched:
        for path in ("/", "/live", "/report", "/problems", "/quarantine", "/dead-letters"):
            assert go(watched, pages, path).locator(".empty").count() == 1, path
        assert "edge-agent fleet ingest" in go(watched, pages, "/").locator(".empty").inner_text()
        store.device("shop/milano-01/door-1")
        page = go(watched, pages, "/")
        assert page.locator("tbody tr").count() == 1
        assert page.locator(".pages").count() == 0
        store.many(999)
        go(watched, pages, "/")
        process = psutil.Process(pages.process.pid)
        before = process.cpu_times()
        page = go(watched, pages, "/?sort=temperature&order=desc")
        after = process.cpu_times()
        assert after.user + after.system - before.user - before.system < 1
        assert page.locator("tbody tr").count() == 100
        assert "1 to 100 of 1,000" in page.locator("main").inner_text()
        page.get_by_role("link", name="Next page").click()
        assert "101 to 200 of 1,000" in page.locator("main").inner_text()
        assert (watched.overflow_px(), watched.wrong) == (0, [])
        _break(engine)
        engine.dispose()
        told = pages.get("/")
        assert (told.status, "The store does not answer" in told.body) == (503, True)
        assert json.loads(pages.get("/api/v1/devices").body) == {"error": "the store does not answer"}
        assert (pages.get("/metrics").status, pages.get("/healthz").status) == (503, 503)


def _break(engine: Engine) -> None:
    """Make every question to the store fail."""
    with engine.begin() as connection:
        for table in ("about", "devices"):
            connection.execute(text(f"ALTER TABLE {table} RENAME TO lost_{table}"))


def test_signing_in_and_out(browser: Browser, guarded: Pages) -> None:
    """By keyboard: a wrong password is told and can be tried again; afterwards one is where one wanted to go."""
    with Watched(browser, PHONE_PX) as watched:
        page = go(watched, guarded, "/problems")
        for password in ("wrong password", PASSWORD):
            if password != PASSWORD:
                expect(page.locator("input[name=name]")).to_be_focused()
                page.keyboard.type("ada")
                page.keyboard.press("Tab")
            expect(page.locator("input[type=password]")).to_be_focused()
            page.keyboard.type(password)
            page.keyboard.press("Enter")
            if password != PASSWORD:
                expect(page.get_by_role("alert")).to_have_text("Name or password is wrong.")
        expect(page.get_by_role("heading", level=1)).to_have_text("Problems")
        assert page.evaluate("document.cookie") == ""
        assert watched.overflow_px() <= 0
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        page.go_back()
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        assert [each for each in watched.wrong if "403" not in each] == []


def test_live_numbers_move_by_themselves(browser: Browser, tmp_path: Path) -> None:
    """A crossing is there without reloading; a blind camera is unknown, and so is everything without the broker."""
    folder = tmp_path / "pages"
    folder.mkdir()
    engine = open_folder(folder)
    Store(engine, int(time.time())).device("shop/milano-01/door-1", name="Milano Centrale")
    engine.dispose()
    base = "footfall/v1/shop/milano-01/door-1"
    with (
        Broker(tmp_path / "broker") as broker,
        Listener(broker.port) as wire,
        Pages(folder, broker=broker.url) as pages,
        Watched(browser, PHONE_PX) as watched,
    ):
        page = go(watched, pages, "/live")
        wire.publish(f"{base}/state", state_message("shop", "milano-01", "door-1"), retain=True)
        wire.publish(f"{base}/live/entrance/inside", "3", retain=True)
        wire.publish(f"{base}/live/door/in", "41", retain=True)
        inside = page.locator('[data-key="shop/milano-01 inside"]')
        door = page.locator('[data-key="shop/milano-01/door-1/door/in"]')
        expect(inside).to_have_text("3", timeout=20_000)  # the shop's lines appear as they are first heard of
        expect(door).to_have_text("41", timeout=20_000)
        wire.publish(f"{base}/live/door/in", "42", retain=True)
        expect(door).to_have_text("42", timeout=20_000)
        wire.publish(f"{base}/live/entrance/inside", "unknown", retain=True)
        expect(inside).to_have_text("unknown", timeout=20_000)
        assert watched.overflow_px() <= 0
        broker.kill()
        expect(door).to_have_text("unknown", timeout=20_000)
        expect(page.locator("#broker-away")).to_contain_text("The broker does not answer since")
        assert watched.wrong == []


@pytest.fixture(scope="module")
def shop_pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """The pages over three weeks of two simulated shops."""
    folder = tmp_path_factory.mktemp("shops")
    engine = open_folder(folder)
    today = datetime.now(UTC).date()
    fill(engine, shops(2, 7), today - timedelta(days=21), today - timedelta(days=1), payloads=False)
    engine.dispose()
    with Pages(folder) as started:
        yield started


@pytest.mark.parametrize(("width_px", "dark"), [(PHONE_PX, True), (DESK_PX, False)])
def test_the_report_is_a_page(browser: Browser, shop_pages: Pages, width_px: int, *, dark: bool) -> None:
    """Marketing chooses a site and days, reads the report in place, and takes its numbers along."""
    with Watched(browser, width_px, dark=dark) as watched:
        page = go(watched, shop_pages, "/report")
        page.get_by_label("Site").select_option(index=1)
        page.get_by_role("button", name="Open the report").click()
        expect(page.locator("article.report h1")).to_be_visible()
        assert page.locator("article.report svg.chart").count() > 3
        assert (watched.wrong, watched.overflow_px()) == ([], 0)
        with page.expect_download() as told:
            page.get_by_role("link", name="CSV").click()
        assert told.value.suggested_filename.endswith(".csv")
        lines = Path(told.value.path()).read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith("tenant,site,")
        assert len(lines) == 1 + 7 * 24
        page.get_by_role("link", name="Italiano").click()
        assert page.locator("html").get_attribute("lang") == "it"
        assert "sabato" in page.locator("article.report").inner_text().lower()


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("from=2026-11-08&to=2026-11-01", 400),
        ("from=x&to=y", 400),
        ("from=2020-01-01&to=2026-01-01", 400),
        ("from=0001-01-01&to=0001-01-02", 400),
        ("from=2026-11-01&to=2026-11-02&site=%3Cscript%3E", 404),
    ],
)
def test_a_report_that_cannot_be_is_told(shop_pages: Pages, query: str, status: int) -> None:
    """A wrong period or an unknown site is a sentence beside the form."""
    told = shop_pages.get(f"/report?{query}")
    assert told.status == status
    assert 'role="alert"' in told.body
    assert "<script>alert" not in told.body
    assert shop_pages.get(f"/report/hours?{query}&format=parquet").status == status


def test_parquet_comes_along(shop_pages: Pages) -> None:
    """The same numbers as Parquet; another format is refused."""
    day = (datetime.now(UTC).date() - timedelta(days=3)).isoformat()
    with shop_pages.connection() as connection:
        connection.request("GET", f"/report/hours?from={day}&to={day}&format=parquet")
        told = connection.getresponse()
        body = told.read()
    assert (told.status, body[:4], body[-4:]) == (200, b"PAR1", b"PAR1")
    assert shop_pages.get(f"/report/hours?from={day}&to={day}&format=xls").status == 400


def test_the_made_up_fleet_is_in_every_state(pages: Pages) -> None:
    """What the other tests look at has all there is: a device in each state, and each kind of row."""
    body = pages.get("/").body
    for state in ("silent", "offline", "quarantined", "never_seen", "online"):
        assert f'class="state {state}"' in body.split("<tbody>")[1]
