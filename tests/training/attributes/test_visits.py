"""Visits that are made up to measure what votes come to, and the tables that come of them."""

from pathlib import Path

import numpy as np
import pytest
from training.attributes.data import Faces, Split, read_faces
from training.attributes.measure import Reading, bands_of
from training.attributes.terms import BAND_OF
from training.attributes.visits import CROPS, MOST_LOOKS, Visits, text, visitor_tables, visits_of, votes_of

from edge_agent.demographics.votes import Rule

RULE = Rule(readable=0.5, sex=0.7, age=0.4)


@pytest.fixture(scope="module")
def faces(folder: Path) -> Faces:
    """Of the test split."""
    return read_faces(folder, Split.TEST)


def _visits(looks: list[int], quality: list[float] | None = None) -> Visits:
    """So many looks at a woman in her twenties and a man in his thirties, in turn."""
    first = np.cumsum([0, *looks])
    count = int(first[-1])
    worth = np.array(quality) if quality else np.ones(count)
    sex = np.arange(len(looks)) % 2
    return Visits(np.zeros((count, 64, 64, 3), np.uint8), worth, first, sex, sex + 1)


def _read(male: list[float], readable: list[float] | None = None) -> Reading:
    """What the network says look by look; the age is always 20 to 29."""
    males = np.array(male, np.float32)
    ages = np.tile(np.eye(6, dtype=np.float32)[1], (len(male), 1))
    seen = np.array(readable or [0.9] * len(male), np.float32)
    return Reading(np.stack([1 - males, males], 1), ages, seen)


def test_each_face_makes_one_visit(faces: Faces) -> None:
    """One to MOST_LOOKS looks of it, none the same, in the network's size; the same seed gives the same visits."""
    visits = visits_of(faces, 1)
    lengths = np.diff(visits.first)
    assert len(visits) == len(faces) == len(lengths)
    assert lengths.min() >= 1
    assert lengths.max() <= MOST_LOOKS
    assert visits.crops.shape == (lengths.sum(), 64, 64, 3)
    assert len({crop.tobytes() for crop in visits.crops}) == len(visits.crops)
    assert (visits.band == bands_of(faces)).all()
    assert set(visits.band.tolist()) <= set(BAND_OF)
    assert ((visits.quality >= 0) & (visits.quality <= 1)).all()
    assert (visits_of(faces, 1).crops == visits.crops).all()


def test_the_card_of_a_visit_is_that_of_the_votes() -> None:
    """Two sure looks are told, one alone and two that disagree are unknown, and the row is the truth."""
    visits = _visits([2, 2, 1, 2])  # a woman, a man, a woman, a man
    tables = visitor_tables(visits, _read([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]), RULE)
    sex = next(table for table in tables if (table.attribute, table.of) == ("sex", CROPS[0]))
    assert sex.counts.tolist() == [[1, 0], [1, 0]]
    assert sex.unknown.tolist() == [1, 1]
    age = next(table for table in tables if (table.attribute, table.of) == ("age", CROPS[0]))
    assert age.counts[1].tolist() == [0, 1, 0, 0, 0, 0]
    assert age.counts[2].tolist() == [0, 2, 0, 0, 0, 0]
    assert age.unknown.tolist() == [0, 1, 0, 0, 0, 0]


def test_every_visitor_stands_in_the_table_once(faces: Faces) -> None:
    """In each table, whatever was read, the row of a class adds up to the visitors of that class."""
    visits, rng = visits_of(faces, 2), np.random.default_rng(2)
    count = len(visits.crops)
    sexes, ages = (rng.dirichlet(np.full(size, 0.3), count).astype(np.float32) for size in (2, 6))
    read = Reading(sexes, ages, rng.random(count).astype(np.float32))
    tables = visitor_tables(visits, read, RULE)
    assert [(table.attribute, table.of) for table in tables] == [(what, k) for what in ("sex", "age") for k in CROPS]
    for table in tables:
        truth = visits.sex if table.attribute == "sex" else visits.band
        rows = table.counts.sum(1) + table.unknown
        assert rows.tolist() == np.bincount(truth, minlength=len(rows)).tolist()
    assert text(tables).count("visitors") == len(tables)


def test_what_is_not_readable_does_not_vote() -> None:
    """Looks under the card's threshold are not kept."""
    visits = _visits([3])
    (votes,) = votes_of(visits, _read([0.0, 1.0, 0.0], [0.9, 0.4, 0.9]), RULE, 5)
    assert [reading.sex[0] for reading in votes.readings] == [1.0, 1.0]


def test_the_best_looks_vote() -> None:
    """Of more looks than are kept those of the highest quality stay, as in the agent."""
    visits = _visits([3], [0.2, 0.9, 0.8])
    (votes,) = votes_of(visits, _read([1.0, 0.0, 0.0]), RULE, 2)
    assert sorted(reading.quality for reading in votes.readings) == pytest.approx([0.72, 0.81])
    assert [reading.sex[0] for reading in votes.readings] == [1.0, 1.0]
