"""Both languages say the same, and numbers look as people write them."""

from datetime import date
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.fleet.figures.missing import NOT_RECEIVED, SILENT
from edge_agent.fleet.report import numbers
from edge_agent.fleet.report.words import WORDS
from edge_agent.terms import GapCause

NBSP = "\N{NO-BREAK SPACE}"


def test_both_languages_have_the_same_words_with_the_same_blanks() -> None:
    """A key that one language lacks, or a blank that it forgets, would be found by a reader only."""
    english, italian = WORDS["en"], WORDS["it"]
    assert english.keys() == italian.keys()
    for key in english:
        blanks = [{name for _, name, _, _ in Formatter().parse(words[key]) if name} for words in (english, italian)]
        assert blanks[0] == blanks[1], key
        assert italian[key].strip()


def test_nothing_is_left_in_english() -> None:
    """No text of a sentence's length is the same in both."""
    assert not [
        key
        for key in WORDS["en"]
        if WORDS["en"][key] == WORDS["it"][key]
        and " " in WORDS["en"][key].strip("{}")
        and not key.startswith("problem_other")
    ]


def test_every_cause_has_words() -> None:
    """Whatever a device gives as the cause of a gap, the page can say it."""
    for cause in (*GapCause, NOT_RECEIVED, SILENT):
        assert f"cause_{cause}" in WORDS["en"]


@pytest.mark.parametrize(
    ("value", "places", "english", "italian"),
    [
        (0, 0, "0", "0"),
        (999, 0, "999", "999"),
        (1234567, 0, "1,234,567", "1.234.567"),
        (1234.56, 1, "1,234.6", "1.234,6"),
        (-3.2, 1, "\N{MINUS SIGN}3.2", "\N{MINUS SIGN}3,2"),
        (-0.01, 1, "0.0", "0,0"),
    ],
)
def test_numbers(value: float, places: int, english: str, italian: str) -> None:
    """Thousands and decimals as each language has them; no minus before a zero."""
    assert numbers.number(value, "en", places) == english
    assert numbers.number(value, "it", places) == italian


@given(st.floats(0, 1))
def test_all_is_all_and_nothing_is_nothing(part: float) -> None:
    """What is not everything never reads 100 %, and what is something never reads 0 %."""
    text = numbers.percent(part, "en")
    assert (text == f"100{NBSP}%") == (part == 1)
    assert (text == f"0{NBSP}%") == (part == 0)


def test_a_change_has_its_sign() -> None:
    """Plus, minus, and neither for none."""
    assert [numbers.change(part, "it") for part in (0.042, -0.1, 0.0001, None)] == [
        f"+4,2{NBSP}%",
        f"\N{MINUS SIGN}10,0{NBSP}%",
        f"0,0{NBSP}%",
        "–",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (119, "119 s"), (600, "10 min"), (7260, "2 h 1 min"), (360_000, "100 h"), (7_200, "2 h")],
)
def test_durations(seconds: int, text: str) -> None:
    """The two largest units that say anything."""
    assert numbers.duration(seconds, "en").replace(NBSP, " ") == text


@pytest.mark.parametrize(
    ("first", "last", "english", "italian"),
    [
        (date(2026, 11, 1), date(2026, 11, 28), "1–28 November 2026", "1–28 novembre 2026"),
        (date(2026, 11, 28), date(2026, 11, 28), "Saturday 28 November 2026", "sabato 28 novembre 2026"),
        (date(2026, 10, 26), date(2026, 11, 1), "26 October – 1 November 2026", "26 ottobre – 1 novembre 2026"),
        (
            date(2025, 12, 29),
            date(2026, 1, 4),
            "29 December 2025 – 4 January 2026",
            "29 dicembre 2025 – 4 gennaio 2026",
        ),
    ],
)
def test_periods(first: date, last: date, english: str, italian: str) -> None:
    """As short as can be, without a doubt about the year."""
    assert numbers.days(first, last, "en").replace(NBSP, " ") == english
    assert numbers.days(first, last, "it").replace(NBSP, " ") == italian
