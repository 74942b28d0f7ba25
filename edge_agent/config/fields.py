"""The kinds of value that a setting can have, each with what is allowed and what to do when it is not.

`allowed` and `examples` in the JSON Schema feed the error lines and docs/configuration.md alike.
"""

import difflib
import math
import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, ValidatorFunctionWrapHandler, WrapValidator

from edge_agent.config.rules import SettingError


def nearest(word: str, known: Iterable[str], *, limit: int = 1) -> list[str]:
    """The known words that look most like `word`, best first; capitals do not matter."""
    by_fold = {name.casefold(): name for name in known}
    return [by_fold[fold] for fold in difflib.get_close_matches(word.casefold(), by_fold, n=limit, cutoff=0.6)]


Name = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$",
        json_schema_extra={
            "allowed": "1 to 63 letters, digits, '-' or '_', beginning with a letter or a digit",
        },
    ),
]
"""One level of an MQTT topic, and a name that people read in reports."""

Text = Annotated[
    str,
    Field(
        min_length=1,
        max_length=1024,
        pattern=r"^[^\x00-\x1f\x7f]+$",
        json_schema_extra={"allowed": "1 to 1024 characters in one line"},
    ),
]


_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def _plain_path(path: Path) -> Path:
    if str(path) == "." or _CONTROL.search(str(path)):
        raise SettingError("the path of a file or folder, in one line", "give a path or leave the key out")
    return path


FilePath = Annotated[Path, AfterValidator(_plain_path), Field(json_schema_extra={"allowed": "a path"})]
"""The path of a file or folder; a relative one is looked up beside the configuration file."""

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]

Classes = Annotated[tuple[Text, ...], Field(min_length=1, max_length=64)]


def _point(value: Any, handler: ValidatorFunctionWrapHandler) -> tuple[float, float]:  # noqa: ANN401 - raw input
    """Say what is wrong with a point as a whole: x and y alone would give two half-helpful lines."""
    try:
        # Behind a function pydantic no longer knows that the list came from JSON, where it stands for a tuple.
        point: tuple[float, float] = handler(tuple(value) if isinstance(value, list) else value)
    except ValueError:
        raise _point_error(value) from None
    return point


def _point_error(value: object) -> SettingError:
    pair = value if isinstance(value, list | tuple) else ()
    if len(pair) != 2:
        return SettingError("a point is two numbers, [x, y]", "write it as [0.5, 0.8]")
    if not all(type(c) in (int, float) and math.isfinite(c) for c in pair):
        return SettingError("x and y are numbers from 0 to 1", "write the point as [0.5, 0.8]")
    if min(pair) >= 0 and max(pair) >= 2:
        return SettingError(
            "looks like pixels; points are fractions of the picture from 0 to 1",
            "divide x by the picture's width and y by its height",
        )
    return SettingError(
        "outside the picture, which reaches from [0, 0] (top left) to [1, 1] (bottom right)",
        "move the point inside",
    )


Point = Annotated[
    tuple[Fraction, Fraction],
    WrapValidator(_point),
    Field(json_schema_extra={"allowed": "[x, y], fractions of the picture's width and height from 0 to 1"}),
]
"""(x, y) as fractions of the picture's width and height, from the top left corner."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise SettingError("unknown time zone; allowed are IANA names", _zone_hint(name)) from None
    return name


def _zone_hint(name: str) -> str:
    known = available_timezones()
    if not known:
        return "this machine has no time zone database: install the package 'tzdata'"
    city = name.rpartition("/")[2].replace(" ", "_").casefold()
    same_city = sorted(zone for zone in known if zone.rpartition("/")[2].casefold() == city)
    close = list(dict.fromkeys([*nearest(name, known, limit=3), *same_city]))[:3]
    if not close:
        return "write it as Continent/City, such as 'Europe/Rome'"
    return "did you mean " + " or ".join(f"'{zone}'" for zone in close) + "?"


TimeZone = Annotated[
    str,
    AfterValidator(_known_zone),
    Field(json_schema_extra={"allowed": "an IANA time zone", "examples": ["Europe/Rome"]}),
]

_SPAN: Final = re.compile(r"\s*([01]\d|2[0-3]):([0-5]\d)\s*-\s*([01]\d|2[0-4]):([0-5]\d)\s*", re.ASCII)
DAY_MIN: Final = 24 * 60


def span_minutes(span: str) -> tuple[int, int]:
    """Minutes after local midnight at which a span such as '09:00-19:30' opens and closes.

    Raises:
        SettingError: it is not such a span, or it does not open before it closes.
    """
    match = _SPAN.fullmatch(span)
    if match is None:
        raise SettingError("a span is two times of the day, at the latest '24:00'", "write it as '09:00-19:30'")
    hour, minute, end_hour, end_minute = (int(digits) for digits in match.groups())
    opens, closes = 60 * hour + minute, 60 * end_hour + end_minute
    if closes > DAY_MIN:
        raise SettingError("a day ends at '24:00'", "end the span there and go on with the next day")
    if opens >= closes:
        raise SettingError(
            "closes before it opens",
            "write a night as two spans: until '24:00', and from '00:00' the next day",
        )
    return opens, closes


def _is_span(span: str) -> str:
    span_minutes(span)
    return span


def _no_overlap(spans: tuple[str, ...]) -> tuple[str, ...]:
    order = sorted(range(len(spans)), key=lambda i: span_minutes(spans[i]))
    for before, after in pairwise(order):
        if span_minutes(spans[after])[0] < span_minutes(spans[before])[1]:
            raise SettingError(f"overlaps with '{spans[before]}'", "join the two spans", at=(after,))
    return spans


Span = Annotated[
    str,
    AfterValidator(_is_span),
    Field(json_schema_extra={"allowed": "a span of local time such as '09:00-19:30'"}),
]

Spans = Annotated[tuple[Span, ...], Field(max_length=24), AfterValidator(_no_overlap)]


def _broker_url(url: str) -> str:
    fix = "write mqtt://host:1883, or mqtts://host:8883 with TLS"
    if _CONTROL.search(url) or any(character.isspace() for character in url):
        raise SettingError("an address has no blanks", fix)
    scheme, mark, rest = url.partition("://")
    if "@" in rest:
        raise SettingError("an address must not hold credentials", "use username and password_file", missing=False)
    if not mark or scheme.casefold() not in ("mqtt", "mqtts"):
        raise SettingError("the address of a broker begins with mqtt:// or mqtts://", fix)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise SettingError("not the address of a host, or its port is not within 1 to 65535", fix) from None
    if not host or port == 0:
        raise SettingError("host is missing, or port is not within 1 to 65535", fix)
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise SettingError("the address ends after the port", "leave the rest out: topics follow from [site]")
    return url


BrokerUrl = Annotated[
    str,
    Field(max_length=1024),
    AfterValidator(_broker_url),
    Field(
        json_schema_extra={
            "allowed": "mqtt://host[:port] or mqtts://host[:port]",
            "examples": ["mqtts://broker.example:8883"],
        }
    ),
]

_LOOPBACK: Final = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\]):([0-9]{1,5})")


def _loopback(address: str) -> str:
    match = _LOOPBACK.fullmatch(address)
    if match is None or not 1 <= int(match[1]) <= 65535:
        raise SettingError(
            "host and port, and the host is this machine: 127.0.0.1, localhost or [::1]",
            "write '127.0.0.1:9108', and put a proxy in front of it to reach it from elsewhere",
        )
    return address


Loopback = Annotated[
    str,
    AfterValidator(_loopback),
    Field(json_schema_extra={"allowed": "host:port of this machine", "examples": ["127.0.0.1:9108"]}),
]


def _source(source: str) -> str:
    is_address = "://" in source and not source.startswith("exec:")
    if is_address and "@" in source.partition("://")[2].partition("/")[0]:
        raise SettingError(
            "an address must not hold credentials",
            "put 'user:password' into a file and name it in credentials_file",
        )
    if source.startswith("exec:") and not source.removeprefix("exec:").strip():
        raise SettingError("exec: is followed by a command", "write for example 'exec:rpicam-vid --codec yuv420 -o -'")
    return source


Source = Annotated[
    Text,
    AfterValidator(_source),
    Field(
        json_schema_extra={
            "allowed": "a path, /dev/video0, rtsp://…, http://…, exec:COMMAND, or synthetic:",
            "examples": ["/dev/video0"],
        }
    ),
]

BUCKETS_MIN: Final = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60)


def _divides_hour(minutes: int) -> int:
    if minutes not in BUCKETS_MIN:
        near = min(BUCKETS_MIN, key=lambda allowed: abs(allowed - minutes))
        raise SettingError(
            "a whole number of minutes that divides 60: " + ", ".join(map(str, BUCKETS_MIN)),
            f"the nearest is {near}",
        )
    return minutes


BucketLength = Annotated[
    int,  # not Literal: that would take `true` for 1
    AfterValidator(_divides_hour),
    Field(json_schema_extra={"enum": list(BUCKETS_MIN)}),
]
