"""What the readings of one visitor add up to."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.demographics import BANDS, SEXES, Reading, Rule, Votes, combined
from edge_agent.terms import AgeBand, Sex

RULE = Rule(readable=0.5, sex=0.75, age=0.4)
MOST = st.integers(1, 20)
SHARE = st.floats(0.0, 1.0)


def sexes(male: float) -> tuple[float, float]:
    """Probabilities of female and male."""
    return 1.0 - male, male


@st.composite
def ages(draw: st.DrawFn) -> tuple[float, ...]:
    """Probabilities of the bands."""
    weights = draw(st.lists(st.floats(0.001, 1.0), min_size=len(BANDS), max_size=len(BANDS)))
    return tuple(weight / sum(weights) for weight in weights)


def votes_of(*males: float, most: int = 5, age: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 0.0, 0.0)) -> Votes:
    """Readings a second apart, equally good."""
    votes = Votes(most)
    for i, male in enumerate(males):
        votes.add(Reading(float(i), 0.5, sexes(male), age))
    return votes


@given(st.lists(ages(), min_size=1, max_size=10), MOST, st.randoms())
def test_the_order_of_readings_does_not_matter(rows: list[tuple[float, ...]], most: int, random: object) -> None:
    """Shuffled readings give the same probabilities, to the last bit."""
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert combined(shuffled, most=most) == combined(rows, most=most)


@given(st.lists(ages(), min_size=1, max_size=10), MOST)
def test_probabilities_add_up_to_one(rows: list[tuple[float, ...]], most: int) -> None:
    """Whatever is combined, the result is a distribution."""
    together = combined(rows, most=most)
    assert abs(sum(together) - 1.0) < 1e-9
    assert all(0.0 <= share <= 1.0 for share in together)


@given(st.lists(st.floats(0.5, 1.0), min_size=1, max_size=10), st.floats(0.5, 1.0), MOST)
def test_a_reading_that_agrees_never_takes_certainty_away(males: list[float], more: float, most: int) -> None:
    """One more reading for the same side, however weak, leaves the sum at least as sure as it was."""
    rows = [sexes(male) for male in males]
    assert combined([*rows, sexes(more)], most=most)[1] >= combined(rows, most=most)[1] - 1e-12


@given(st.lists(SHARE, min_size=1, max_size=10), MOST)
def test_sum_and_network_agree_on_the_side(males: list[float], most: int) -> None:
    """Tempering makes less sure, and never turns the answer: the side is that of the untempered sum."""
    rows = [sexes(male) for male in males]
    assert (combined(rows, most=most)[1] > 0.5 + 1e-9) <= (combined(rows, most=1)[1] > 0.5)


@given(st.floats(0.51, 1.0), st.integers(2, 20))
def test_a_full_set_is_surer_than_one_reading_and_less_sure_than_independent_ones(male: float, most: int) -> None:
    """K equal readings lie between what the network says once and what K witnesses who never met would be worth."""
    rows = [sexes(male)] * most
    once, together = combined(rows[:1], most=1)[1], combined(rows, most=most)[1]
    independent = combined(rows, most=1)[1]
    assert once - 1e-9 <= together <= independent + 1e-9


def test_a_look_alone_is_not_believed() -> None:
    """One reading, however sure, leaves sex and age unknown; two do not."""
    assert (votes_of(1.0).sex(RULE), votes_of(1.0).age(RULE)) == (Sex.UNKNOWN, AgeBand.UNKNOWN)
    assert (votes_of(1.0, 1.0).sex(RULE), votes_of(1.0, 1.0).age(RULE)) == (Sex.MALE, AgeBand.UNDER_20)


def test_a_doubtful_face_needs_a_full_set() -> None:
    """Who was searched for a face in vain for long is not read from a few looks that may be luck."""
    few, full = votes_of(1.0, 1.0, 1.0), votes_of(*[1.0] * 5)
    assert (few.sex(RULE), few.sex(RULE, doubtful=True)) == (Sex.MALE, Sex.UNKNOWN)
    assert few.age(RULE, doubtful=True) is AgeBand.UNKNOWN
    assert full.sex(RULE, doubtful=True) is Sex.MALE


def test_where_one_look_is_configured_one_is_enough() -> None:
    """`crops = 1` asks for no second look."""
    assert votes_of(0.0, most=1).sex(RULE) is Sex.FEMALE


def test_nobody_who_was_never_read_has_a_sex_or_an_age() -> None:
    """No readings are unknown, whatever the rule."""
    lenient = Rule(readable=0.01, sex=0.5, age=0.01)
    assert (Votes(5).sex(lenient), Votes(5).age(lenient)) == (Sex.UNKNOWN, AgeBand.UNKNOWN)


def test_readings_that_disagree_are_unknown() -> None:
    """Two for each side and nothing is decided."""
    assert votes_of(0.9, 0.9, 0.1, 0.1).sex(RULE) is Sex.UNKNOWN


def test_sex_and_age_are_decided_apart() -> None:
    """An undecided sex leaves the age, and an undecided age the sex."""
    flat = (1 / 6,) * 6
    assert votes_of(0.9, 0.1).age(RULE) is AgeBand.UNDER_20
    assert votes_of(0.99, 0.99, 0.99, age=flat).sex(RULE) is Sex.MALE
    assert votes_of(0.99, 0.99, 0.99, age=flat).age(RULE) is AgeBand.UNKNOWN


@given(st.lists(st.tuples(st.floats(0.0, 10.0), SHARE), max_size=60), st.integers(1, 8))
def test_no_more_than_k_readings_are_kept_and_all_of_different_moments(
    looks: list[tuple[float, float]], most: int
) -> None:
    """However many looks pass, memory is bounded, and two that are kept are a quarter of a second apart."""
    votes = Votes(most)
    for t_s, quality in looks:
        votes.add(Reading(t_s, quality, sexes(0.5), (1 / 6,) * 6))
    kept = sorted(reading.t_s for reading in votes.readings)
    assert len(kept) <= most
    assert all(later - earlier >= 0.25 for earlier, later in pairwise(kept))


@given(st.lists(SHARE, min_size=1, max_size=30, unique=True), st.integers(1, 8))
def test_the_best_looks_are_kept(qualities: list[float], most: int) -> None:
    """Of looks at different moments those of the highest quality stay, whenever they came."""
    votes = Votes(most)
    for i, quality in enumerate(qualities):
        votes.add(Reading(float(i), quality, sexes(0.5), (1 / 6,) * 6))
    assert sorted(reading.quality for reading in votes.readings) == sorted(qualities)[-most:]


@given(st.lists(SHARE, min_size=1, max_size=10, unique=True), SHARE, st.integers(1, 5))
def test_only_a_look_that_would_be_kept_is_wanted(qualities: list[float], quality: float, most: int) -> None:
    """What `wants` promises is what `add` does, so that no network runs for a look that is thrown away."""
    votes = Votes(most)
    for i, each in enumerate(qualities):
        votes.add(Reading(float(i), each, sexes(0.5), (1 / 6,) * 6))
    new = Reading(99.0, quality, sexes(0.9), (1 / 6,) * 6)
    wanted = votes.wants(new.quality, new.t_s)
    votes.add(new)
    assert (new in votes.readings) == wanted


def test_the_lists_are_the_closed_ones() -> None:
    """What is read are the words of the message, without unknown, in the order of the network's outputs."""
    assert SEXES == (Sex.FEMALE, Sex.MALE)
    assert [*BANDS, AgeBand.UNKNOWN] == list(AgeBand)
