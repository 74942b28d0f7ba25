"""Who may pass: signing in and out, tokens, the headers of every answer, and the names of the loopback."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text
from support.pages import Answer, Pages, open_folder

from edge_agent.cli import main

PASSWORD = "correct horse battery"  # noqa: S105 - of users that the tests make
PATHS = ("/", "/devices/shop/milano-01/door-1", "/problems", "/quarantine", "/dead-letters", "/live", "/report")


def form_of(pages: Pages, **headers: str) -> tuple[str, str]:
    """The cookie and the token of the form of signing in."""
    told = pages.get("/sign-in", **headers)
    found = re.search(r'name="csrf" value="([^"]+)"', told.body)
    assert found, told.body
    return told.cookie() or headers["cookie"], found[1]


def enter(pages: Pages, name: str, password: str = PASSWORD, **form: str) -> Answer:
    """Sign in as a browser does."""
    cookie, csrf = form_of(pages)
    return pages.post("/sign-in", {"csrf": csrf, "name": name, "password": password, **form}, cookie=cookie)


def test_every_page_asks_who_is_there(guarded: Pages) -> None:
    """Without a session a page leads to the form, and back to itself afterwards; the API says 401."""
    for path in PATHS:
        told = guarded.get(f"{path}?lang=en")
        assert (told.status, told.headers["location"].partition("?")[0]) == (303, "/sign-in"), path
    assert guarded.get("/live?q=a").headers["location"] == "/sign-in?next=/live%3Fq%3Da"
    for path in ("/api/v1/devices", "/api/v1/openapi.json", "/live/events"):
        assert guarded.get(path).status in (401, 303), path
    assert guarded.get("/api/v1/devices").status == 401
    assert guarded.get("/healthz").body == "ok\n"


def test_a_password_opens_the_pages(guarded: Pages) -> None:
    """Signing in gives a cookie that scripts cannot read, and leads to where one wanted to go."""
    told = enter(guarded, "ada", next="/live?q=a")
    assert (told.status, told.headers["location"]) == (303, "/live?q=a")
    attributes = told.headers["set-cookie"].lower()
    assert "httponly" in attributes
    assert "samesite=lax" in attributes
    assert "secure" not in attributes  # no proxy speaks HTTPS before this one
    for path in (*PATHS, "/api/v1/devices"):
        assert guarded.get(path, cookie=told.cookie()).status == 200, path
    assert "ada" in guarded.get("/", cookie=told.cookie()).body


@pytest.mark.parametrize(("name", "password"), [("ada", "wrong password"), ("nobody", PASSWORD), ("", ""), ("bob", "")])
def test_a_wrong_password_and_a_wrong_name_look_alike(guarded: Pages, name: str, password: str) -> None:
    """Neither says which of the two was wrong, and no session begins."""
    told = enter(guarded, name, password)
    assert told.status == 403
    assert "Name or password is wrong." in told.body
    assert guarded.get("/", cookie=told.cookie()).status == 303


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "/sign-in", "/a\nb", ""])
def test_the_way_back_stays_here(guarded: Pages, target: str) -> None:
    """A forged address cannot send anybody to another server after signing in."""
    assert enter(guarded, "ada", next=target).headers["location"] == "/"


def test_a_form_without_its_token_is_refused(guarded: Pages) -> None:
    """Another site's form has no token of this session: neither signing in nor out works from there."""
    cookie, csrf = form_of(guarded)
    form = {"name": "ada", "password": PASSWORD}
    for told in (
        guarded.post("/sign-in", form, cookie=cookie),
        guarded.post("/sign-in", form | {"csrf": "x"}, cookie=cookie),
        guarded.post("/sign-in", form | {"csrf": csrf}),
        guarded.post("/sign-in", form | {"csrf": csrf}, cookie=form_of(guarded)[0]),
    ):
        assert (told.status, "too old" in told.body) == (403, True)
    inside = enter(guarded, "ada").cookie()
    assert guarded.post("/sign-out", {}, cookie=inside).status == 403
    assert guarded.get("/", cookie=inside).status == 200


def test_a_new_session_begins_at_each_signing_in(guarded: Pages) -> None:
    """A cookie that somebody planted before is not the one that is signed in."""
    cookie, csrf = form_of(guarded)
    told = guarded.post("/sign-in", {"csrf": csrf, "name": "ada", "password": PASSWORD}, cookie=cookie)
    assert told.cookie() != cookie
    assert guarded.get("/", cookie=cookie).status == 303


def test_signing_out_ends_copies_of_the_cookie_too(guarded: Pages) -> None:
    """Who has kept the cookie is out as well."""
    cookie = enter(guarded, "ada").cookie()
    found = re.search(r'name="csrf" value="([^"]+)"', guarded.get("/", cookie=cookie).body)
    assert found
    assert guarded.post("/sign-out", {"csrf": found[1]}, cookie=cookie).headers["location"] == "/sign-in"
    assert guarded.get("/", cookie=cookie).status == 303


def test_a_forged_cookie_is_nobody(guarded: Pages) -> None:
    """A cookie that was changed, or signed with another key, opens nothing."""
    name, _, value = enter(guarded, "ada").cookie().partition("=")
    for forged in (value[:-2], value[:-1] + ("A" if value[-1] != "A" else "B"), "x" + value, "", "a.b.c", "é"):
        assert guarded.get("/", cookie=f"{name}={forged}".encode().decode("latin-1")).status == 303


def test_a_session_ends_when_its_user_is_removed(guarded: Pages, add_user: Callable[..., Result]) -> None:
    """A removed user is out with the next click; one with a new password as well; the others stay."""
    ada, bob = enter(guarded, "ada").cookie(), enter(guarded, "bob").cookie()
    file = guarded.folder / "users"
    assert add_user(file, "--remove", "bob").exit_code == 0
    assert guarded.get("/", cookie=bob).status == 303
    assert guarded.get("/", cookie=ada).status == 200
    assert add_user(file, "bob", password="another one for bob").exit_code == 0  # noqa: S106
    assert guarded.get("/", cookie=bob).status == 303
    assert enter(guarded, "bob", "another one for bob").status == 303


def test_a_token_opens_the_api_and_nothing_else(guarded: Pages, add_user: Callable[..., Result]) -> None:
    """A program comes with a token; the pages of people are not for it, and a removed token is worth nothing."""
    file = guarded.folder / "users"
    token = add_user(file, "--token", "till").stdout.strip()
    said = {"authorization": f"Bearer {token}"}
    assert guarded.get("/api/v1/sites", **said).status == 200
    assert guarded.get("/metrics", host="pages.example", **said).status == 200
    assert guarded.get("/", **said).status == 303
    assert guarded.get("/api/v1/sites", authorization="Bearer wrong").status == 401
    assert guarded.get("/api/v1/sites", authorization=f"Basic {token}").status == 401
    add_user(file, "--token", "--remove", "till")
    assert guarded.get("/api/v1/sites", **said).status == 401


def test_metrics_are_there_for_the_machine_itself(guarded: Pages) -> None:
    """Prometheus on the same machine needs no token; what came through a proxy, or by another name, does."""
    assert guarded.get("/metrics").status == 200
    assert guarded.get("/metrics", x_forwarded_for="10.1.1.1").status == 401
    assert guarded.get("/metrics", host="pages.example").status == 401


def test_many_mistakes_have_to_wait(guarded: Pages) -> None:
    """After a few mistakes the answer is 429 with the wait, even to the right password; others may come in."""
    for _ in range(4):
        assert enter(guarded, "eve", "wrong password").status == 403
    told = enter(guarded, "eve", "wrong password")
    assert told.status == 429
    assert 1 <= int(told.headers["retry-after"]) <= 4
    assert "Too many attempts" in told.body
    assert enter(guarded, "ada").status == 303


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:8800", "", "[::2]"])
def test_a_foreign_name_for_the_loopback_is_refused(pages: Pages, host: str) -> None:
    """Without sign-in, a page of another site that points its name here (DNS rebinding) reads nothing."""
    told = pages.get("/api/v1/devices", host=host)
    assert (told.status, "milano" in told.body) == (421, False)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:9", "LOCALHOST", "[::1]:8800"])
def test_the_loopback_answers_by_its_own_names(pages: Pages, host: str) -> None:
    """A tunnel may bring it to another port."""
    assert pages.get("/api/v1/devices", host=host).status == 200


def test_every_answer_carries_its_headers(pages: Pages, guarded: Pages) -> None:
    """No inline script or style, no frame, no guessing of types, no copy in a cache; errors and files included."""
    for server, path in [(pages, path) for path in (*PATHS, "/nothing", "/static/style.css", "/api/v1/devices")] + [
        (guarded, "/sign-in"),
        (guarded, "/"),
    ]:
        headers = server.get(path).headers
        policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'", path
        assert policy["script-src"] == policy["style-src"] == "'self'", path
        assert policy["frame-ancestors"] == "'none'", path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "same-origin", path
        assert headers["cache-control"] == "no-store", path
        assert "server" not in headers, path


def test_nothing_is_changed_by_asking(pages: Pages) -> None:
    """Everything but the forms of signing in and out can only be read."""
    for path in (*PATHS, "/api/v1/devices", "/metrics"):
        assert pages.post(path, {"a": "b"}).status == 405, path


def test_a_large_form_is_refused(guarded: Pages) -> None:
    """Nobody fills the memory through the form of signing in."""
    cookie, csrf = form_of(guarded)
    told = guarded.post("/sign-in", {"csrf": csrf, "name": "a", "password": "x" * 100_000}, cookie=cookie)
    assert told.status == 413


def test_outside_of_the_loopback_users_are_needed(tmp_path: Path) -> None:
    """Without users it does not listen where others can reach it, and says what to do."""
    arguments = ["fleet", "serve", "--database", f"sqlite:///{tmp_path / 'fleet.db'}", "--host", "0.0.0.0", "--port", "0"]  # noqa: S104
    done = CliRunner().invoke(main, arguments)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "pages.users_file is not set" in done.stderr


def test_it_ends_cleanly_while_somebody_watches(tmp_path: Path) -> None:
    """It prints one line, its address; at SIGTERM open event streams end, and so does it, with status 0."""
    with Pages(tmp_path) as pages:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", pages.url)
        with pages.connection() as connection:
            connection.request("GET", "/live/events")
            stream = connection.getresponse()
            assert stream.readline() == b"retry: 3000\n"
            assert pages.stop() == (0, "")
            assert b"event: broker" in stream.read()
    assert not any("Traceback" in line for line in pages.log), "".join(pages.log)


def test_a_store_that_goes_away_is_said(tmp_path: Path) -> None:
    """A database that fails is a page and a status, and no crash."""
    with Pages(tmp_path) as pages:
        assert pages.get("/healthz").status == 200
        engine = open_folder(tmp_path)
        with engine.begin() as connection:
            for table in ("about", "devices"):
                connection.execute(text(f"ALTER TABLE {table} RENAME TO lost_{table}"))
        engine.dispose()
        told = pages.get("/")
        assert (told.status, "The store does not answer" in told.body) == (503, True)
        assert json.loads(pages.get("/api/v1/devices").body) == {"error": "the store does not answer"}
        assert (pages.get("/metrics").status, pages.get("/healthz").status) == (503, 503)
