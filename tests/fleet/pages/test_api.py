"""The API: what it answers, page by page, and that its description is true."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from support.pages import Pages

LISTS = ("devices", "sites", "hours", "problems")


def ask(pages: Pages, path: str, **query: object) -> Any:
    """The answer, as an object."""
    told = pages.get(f"/api/v1/{path}" + (f"?{urlencode(query)}" if query else ""))
    assert (told.status, told.headers["content-type"]) == (200, "application/json"), told.body
    return json.loads(told.body)


def everything(pages: Pages, path: str, **query: object) -> list[Any]:
    """All items, page by page."""
    found, cursor = [], None
    while True:
        told = ask(pages, path, **query, **({"cursor": cursor} if cursor else {}))
        assert len(told["items"]) <= int(str(query.get("limit", 100)))
        found += told["items"]
        cursor = told["next_cursor"]
        if cursor is None:
            return found


def test_the_description_is_valid(pages: Pages) -> None:
    """openapi.json is OpenAPI 3.1, by its own validator."""
    description = ask(pages, "openapi.json")
    assert description["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(description).iter_errors()) == []


def test_every_answer_is_as_described(pages: Pages) -> None:
    """Each address of the description is there, and its answer fits the schema that is named for it."""
    description = ask(pages, "openapi.json")
    named = {"tenant": "shop", "site": "torino-02", "device": "door-1"}
    for path, operation in description["paths"].items():
        for query, status in (("", 200), ("?limit=0", 400)):
            told = pages.get(path.format(**named) + query)
            if "{" in path and query:
                continue
            assert told.status == status, (path, told.body)
            schema = operation["get"]["responses"][str(status)]["content"]["application/json"]["schema"]
            whole = {**schema, "components": description["components"]}
            Draft202012Validator(whole).validate(json.loads(told.body))


@pytest.mark.parametrize("path", LISTS)
def test_pages_follow_each_other_without_gap_or_repeat(pages: Pages, path: str) -> None:
    """Small pages one after the other give what one large page gives."""
    large = ask(pages, path, limit=1000)
    assert large["next_cursor"] is None
    assert len(large["items"]) > 2
    assert everything(pages, path, limit=2) == large["items"]


def test_devices_say_how_they_do(pages: Pages) -> None:
    """State, measurements, warnings and coverage are those of the pages; unknown is null."""
    found = {f"{each['tenant']}/{each['site']}": each for each in ask(pages, "devices")["items"]}
    torino, roma = found["shop/torino-02"], found["shop/roma-03"]
    assert (torino["state"], torino["temperature_c"], torino["outbox_rows"]) == ("online", 84, 1234)
    assert torino["warnings"] == ["clock", "hot", "dropped"]
    assert torino["coverage_24h"]["share"] == pytest.approx(9.75 / 24, abs=0.26 / 24)  # an hour may end meanwhile
    assert (roma["state"], roma["temperature_c"], roma["fps"]) == ("offline", None, None)
    assert ask(pages, "devices", state="never_seen")["items"] == [found["shop/pisa-05"]]
    assert ask(pages, "devices/shop/torino-02/door-1")["open_problems"] == 1
    assert pages.get("/api/v1/devices/shop/torino-02/door-2").status == 404


def test_hours_come_with_what_is_missing(pages: Pages) -> None:
    """Each count stands beside what was observed, and the cause of what was not."""
    found = everything(pages, "hours", site="torino-02", limit=7)
    assert len(found) == 20
    assert [each["seq"] for each in found] == list(range(20))
    for each in found:
        assert (each["entered"], each["observed_s"], each["expected_s"]) == (12, 1800, 3600)
        assert each["missing"] == [{"cause": "disconnected", "s": 1800}]
        assert each["female"] is None
    days = {each["local_day"] for each in found}
    last = max(days)
    of_last = everything(pages, "hours", site="torino-02", **{"from": last, "to": last})
    assert of_last == [each for each in found if each["local_day"] == last]
    assert ask(pages, "hours", tenant="nobody")["items"] == []


def test_problems_that_last(pages: Pages) -> None:
    """`open=1` leaves out what is over."""
    assert {each["kind"] for each in ask(pages, "problems")["items"]} == {"chain", "missing", "silent"}
    assert {each["kind"] for each in ask(pages, "problems", open="1")["items"]} == {"missing", "silent"}


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "limit=x",
        "unheard=1",
        "tenant=a/b",
        "tenant=%27%20OR%201=1",
        "cursor=x",
        "cursor=WzFd",
        "cursor=WzEsMSwieCIsOTk5OTk5OTk5OTk5OTk5OTk5OTk5XQ",
        "cursor=" + "A" * 500,
        "from=yesterday",
        "from=2026-13-01",
    ],
)
def test_what_may_not_be_asked_is_told_in_one_line(pages: Pages, query: str) -> None:
    """A wrong question is 400 with the reason, for every list alike."""
    told = pages.get(f"/api/v1/hours?{query}")
    assert told.status == 400, told.body
    assert "\n" not in json.loads(told.body)["error"]
