"""What the pages say: the same in both languages, for all that there is to say."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.fleet.devices import DeviceState, DeviceWarning
from edge_agent.fleet.pages.numbers import age, duration, percent, whole
from edge_agent.fleet.pages.ops import COLUMNS
from edge_agent.fleet.pages.words import WORDS, pick_language, say, say_of
from edge_agent.terms import ClockState, GapCause, Quality


def blanks(text: str) -> set[str]:
    """What is to be filled in."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_say_the_same() -> None:
    """Every text is there in both, with the same blanks, and none is left untranslated by mistake."""
    english, italian = WORDS["en"], WORDS["it"]
    assert set(english) == set(italian)
    for key, text in english.items():
        assert blanks(text) == blanks(italian[key]), key
    same = {key for key in english if english[key] == italian[key]}
    assert same <= {"temperature", "topic", "topics", "api", "no", "password", "nav.live"}


def test_every_word_of_the_closed_lists_is_said() -> None:
    """States, warnings, causes, qualities, clocks and columns have a word of their own in both languages."""
    for language in WORDS:
        for word in (*DeviceState, *ClockState, *(column.key for column in COLUMNS)):
            assert say(language, word)
        for warning in DeviceWarning:
            assert say(language, f"warn.{warning}")
        for group, words in (("cause", GapCause), ("quality", Quality)):
            said = [say_of(language, group, word) for word in words]
            assert len({*said}) == len(said)
            assert not any("_" in text for text in said)
    assert say_of("en", "problem", "brand_new") == "brand_new"


@pytest.mark.parametrize(
    ("asked", "kept", "accepted", "language"),
    [
        (None, None, "", "en"),
        ("it", "en", "en", "it"),
        (None, "it", "en", "it"),
        (None, None, "it-IT,it;q=0.9,en;q=0.8", "it"),
        (None, None, "de-DE,de;q=0.9,it;q=0.4,en;q=0.3", "it"),
        (None, None, "en;q=0.1, it;q=0.9", "it"),
        (None, None, "it;q=0, en", "en"),
        ("xx", "yy", "zz;q=oops, it", "it"),
    ],
)
def test_the_language_is_the_address_s_then_the_browser_s(
    asked: str | None, kept: str | None, accepted: str, language: str
) -> None:
    """What is asked for comes before what was kept, then the browser's best, then the settings."""
    assert pick_language(asked, kept, accepted, "en") == language


@given(accepted=st.text(max_size=200))
def test_no_header_stops_a_page(accepted: str) -> None:
    """Whatever a browser sends, there is a language."""
    assert pick_language(None, None, accepted, "it") in WORDS


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (5400, "1 h 30 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_durations_are_short(seconds: int, text: str) -> None:
    """The largest unit, and the next one where it still says something."""
    assert duration(seconds) == text


def test_almost_all_is_not_all() -> None:
    """99.9 % seen is 99 %, so that 100 % means that nothing is missing; ages are of one unit."""
    assert (percent(0.9999), percent(1.0), percent(0.29)) == ("99 %", "100 %", "29 %")
    assert (age(None, 100, "it"), age(99, 100, "en"), age(100 - 5400, 100, "en")) == ("mai", "just now", "1 h ago")
    assert (whole(1234567, "en"), whole(1234, "it")) == ("1,234,567", "1\N{NARROW NO-BREAK SPACE}234")
