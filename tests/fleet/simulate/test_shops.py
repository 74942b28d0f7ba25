"""Simulated shops: what they send is what a device sends, and the truth is beside it."""

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.fleet.simulate import Sealed, sealed, shops, truth
from edge_agent.message import GENESIS, Counts, Hour, payload_hash
from edge_agent.verify_anon.sums import sums

DAYS = st.dates(date(2017, 1, 1), date(2027, 12, 31))


def messages(number: int, seed: int, first: date, days: int) -> list[Sealed]:
    """The messages of one shop over some days."""
    return list(sealed(shops(number, seed)[-1], first, first + timedelta(days=days - 1)))


@given(seed=st.integers(0, 2**32), number=st.integers(1, 60), first=DAYS)
def test_any_day_gives_messages_of_the_contract(seed: int, number: int, first: date) -> None:
    """Whatever the seed and the day: payloads are valid, and the numbers in them fit together."""
    for sent in messages(number, seed, first, 1):
        model = (Hour if sent.leaf == "hours" else Counts).model_validate_json(sent.payload)
        assert model == sent.model
        assert list(sums(model.model_dump(mode="json", by_alias=True))) == []


@given(seed=st.integers(0, 2**32), number=st.integers(1, 60), first=DAYS)
def test_the_chain_is_unbroken(seed: int, number: int, first: date) -> None:
    """One number follows on the other over all cameras, and each message holds the hash of the one before."""
    sent = messages(number, seed, first, 2)
    assert (sent[0].model.seq, sent[0].model.prev_hash) == (1, GENESIS)
    for before, after in pairwise(sent):
        if after.model.epoch == before.model.epoch:
            assert after.model.seq == before.model.seq + 1
            assert after.model.prev_hash == payload_hash(before.payload)
        else:
            assert (after.model.seq, after.model.prev_hash) == (1, GENESIS)
            assert after.model.lost_messages > 0


@given(seed=st.integers(0, 2**32), number=st.integers(1, 60), first=DAYS)
def test_buckets_add_up_to_their_hour(seed: int, number: int, first: date) -> None:
    """The buckets of an hour hold its crossings, seconds, frames, stays and presence between them."""
    open_buckets: dict[str, Counter[str]] = {}
    for sent in messages(number, seed, first, 1):
        model = sent.model
        if isinstance(model, Counts):
            open_buckets.setdefault(model.camera, Counter()).update(summed(model))
        else:
            assert open_buckets.pop(model.camera, Counter()) == summed(model)
    assert open_buckets == {}


def summed(model: Counts | Hour) -> Counter[str]:
    """Everything in a message that adds up over time."""
    found = Counter({"expected": model.expected_s, "observed": model.observed_s, "open": model.open_s})
    found["frames"] = model.frames
    for gap in model.gaps:
        found[f"gap {gap.cause}"] += gap.s
    for line in model.lines:
        found[f"{line.name} in"], found[f"{line.name} out"] = line.in_, line.out
    for zone in model.zones:
        found[f"{zone.name} stays"], found[f"{zone.name} presence"] = zone.stays, zone.occupancy.presence_s
    return found


@given(seed=st.integers(0, 2**32), number=st.integers(1, 60), first=DAYS)
def test_the_truth_is_that_of_the_messages(seed: int, number: int, first: date) -> None:
    """Per hour, what the truth calls counted is the sum over the sealed hours, to the last person and second."""
    shop = shops(number, seed)[-1]
    told: dict[str, Counter[str]] = {}
    for sent in sealed(shop, first, first):
        if isinstance(sent.model, Hour):
            found = told.setdefault(sent.model.start, Counter())
            doors = [line for line in sent.model.lines if line.role == "door"]
            found["in"] += sum(line.in_ for line in doors)
            found["out"] += sum(line.out for line in doors)
            found["passed"] += sent.model.pass_by.passed if sent.model.pass_by else 0
            found["expected"] += sent.model.expected_s
            found["observed"] += sent.model.observed_s
            found["visitors"] += (sent.model.demographics.visitors or 0) if sent.model.demographics else 0
    true = [hour for hour in truth(shop, first, first) if not hour.lost]
    assert len(true) == len(told)
    for hour, sums_told in zip(true, told.values(), strict=True):
        assert sums_told["in"] == hour.counted <= hour.entered
        assert sums_told["out"] == hour.counted_left <= hour.left
        assert sums_told["passed"] == hour.counted_passed <= hour.passed
        assert (sums_told["expected"], sums_told["observed"]) == (hour.expected_s, hour.observed_s)
        assert sums_told["visitors"] == (hour.counted_visitors or 0)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_everybody_goes_home(number: int) -> None:
    """Over a day as many leave as came, in truth; what cameras missed is all that is between them in the counts."""
    shop = shops(number, 7)[-1]
    for day in range(20):
        hours = list(truth(shop, date(2026, 3, 1) + timedelta(days=day), date(2026, 3, 1) + timedelta(days=day)))
        assert sum(hour.entered for hour in hours) == sum(hour.left for hour in hours)


def test_the_same_seed_gives_the_same_shops() -> None:
    """A fleet is repeatable, and a larger one begins with the smaller one."""
    assert shops(12, 3) == shops(30, 3)[:12]
    assert shops(1, 3) != shops(1, 4)
    day = date(2026, 5, 5)
    assert messages(1, 3, day, 1) == messages(1, 3, day, 1)
