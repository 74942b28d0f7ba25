"""Demographic cells: none under k, none that a subtraction gives away, sums that are right."""

from typing import Any

import pytest

from edge_agent.verify_anon.sums import sums

_BANDS = ("under_20", "20_29", "30_39", "40_49", "50_59", "60_over", "unknown")


def _part(
    sex: tuple[int | None, ...],
    age: tuple[int | None, ...],
    visitors: int | None = 40,
    epsilon_milli: int | None = None,
) -> dict[str, Any]:
    return {
        "demographics": {
            "visitors": visitors,
            "sex": dict(zip(("female", "male", "unknown"), sex, strict=True)) | {"mostly": None},
            "age": dict(zip(_BANDS, age, strict=True)) | {"shares": None},
            "k": 5,
            "epsilon_milli": epsilon_milli,
        }
    }


_AGE = (5, 7, 8, 5, 5, 5, 5)


def test_cells_of_k_and_more_are_within_the_contract() -> None:
    """Cells of k, tables of nobody, and pairs of hidden cells pass."""
    assert list(sums(_part((20, 15, 5), _AGE))) == []
    assert list(sums(_part((None, None, None), _AGE))) == []
    assert list(sums(_part((0, 0, 0), (0,) * 7, visitors=0))) == []
    assert list(sums(_part((None, 30, None), _AGE))) == []


@pytest.mark.parametrize(
    ("sex", "words"),
    [
        ((30, 4, 6), "4 visitors are fewer than k = 5 and not suppressed"),
        ((35, 5, 0), "0 visitors are fewer than k = 5 and not suppressed"),
        ((None, 30, 8), "suppressed alone: the others, taken from visitors, give it away"),
        ((20, 15, 6), "its cells hold 41 of 40 visitors"),
        ((None, 41, None), "its cells hold 41 of 40 visitors"),
    ],
)
def test_a_cell_that_gives_somebody_away_is_found(sex: tuple[int | None, ...], words: str) -> None:
    """A cell under k, a hidden one that follows from the total, and sums that are wrong are named."""
    found = list(sums(_part(sex, _AGE)))
    assert any(words in what for _, what, _ in found), found
    assert all(field.startswith("demographics.sex") for field, _, _ in found)


def test_what_is_left_out_of_a_day_is_not_missing() -> None:
    """A day's table holds the visitors less those of hours that it leaves out; the sum has to fit all the same."""
    part = _part((15, 10, 5), _AGE)
    part["demographics"]["sex"]["left_out"] = 10
    assert list(sums(part)) == []
    part["demographics"]["sex"]["left_out"] = 9
    assert any("its cells hold 30 of 31 visitors" in what for _, what, _ in sums(part))


def test_with_noise_the_sums_need_not_fit() -> None:
    """Noise makes the cells differ from the total; a cell under k is not published all the same."""
    assert list(sums(_part((21, 15, 5), _AGE, epsilon_milli=1000))) == []
    assert list(sums(_part((21, 15, 3), _AGE, epsilon_milli=1000))) != []


@pytest.mark.parametrize(
    "values",
    [{"day": "2026-06-10"}, {"zones": ["till", "shelf"]}, {"lines": 3}, {"pass_by": 7}, {"inside": "yes"}, {"k": 5}],
)
def test_fields_of_another_kind_are_left_alone(values: dict[str, Any]) -> None:
    """Another message may have something else under a name that is added up here, as the ledger has a day."""
    assert list(sums(values)) == []
