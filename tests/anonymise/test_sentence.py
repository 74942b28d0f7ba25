"""The hour in words: the same message always makes the same sentence, and no sentence says more than the message."""

import pytest
from anonymise.plans import READING, SEX_CONFUSION, T0, camera, clock_at, visitors

from edge_agent.anonymise import Reading
from edge_agent.clock import ManualClock
from edge_agent.message import Hour, SexCounts, Share
from edge_agent.sentence import age_sentence, day_sentence, hour_sentence
from edge_agent.terms import AgeBand, GapCause

NO_AGES = (0,) * len(AgeBand)


def sealed(
    sex: tuple[int, int, int],
    *,
    age: tuple[int, ...] | None = None,
    blind_s: int = 0,
    reading: Reading | None = READING,
) -> Hour:
    """Return an hour from noon to one on a Wednesday in Rome."""
    shop = camera(clock_at(0), reading=reading)
    shop.gate.frame(visitors(shop.clock.monotonic(), sex, age or (*NO_AGES[:-1], sum(sex))))
    shop.look(3600 - blind_s, every_s=1.0)
    if blind_s:
        shop.miss(blind_s, GapCause.DISCONNECTED)
    (hour,) = shop.hours
    return hour


def told(share: tuple[int, int, int], mostly: str | None, cells: tuple[int, int, int]) -> Hour:
    """Return the hour of the issue, with these numbers."""
    hour = sealed((30, 30, 30)).model_copy(update={"start": "2026-06-09T15:00:00Z", "end": "2026-06-09T16:00:00Z"})
    assert hour.demographics is not None
    sex = SexCounts.model_validate(
        {
            "female": cells[0],
            "male": cells[1],
            "unknown": cells[2],
            "left_out": 0,
            "female_share": Share(share_milli=share[0], low_milli=share[1], high_milli=share[2]),
            "mostly": mostly,
        }
    )
    demographics = hour.demographics.model_copy(update={"visitors": sum(cells), "sex": sex})
    return hour.model_copy(update={"demographics": demographics})


@pytest.mark.parametrize(
    ("hour", "english", "italian"),
    [
        (
            told((612, 540, 681), "female", (86, 57, 88)),
            "Tuesday 17–18: mostly women, 61 % (54–68 %), of 143 read; 88 not readable.",
            "martedì 17–18: soprattutto donne, 61 % (54–68 %), su 143 letti; 88 non leggibili.",
        ),
        (
            told((300, 220, 390), "male", (46, 97, 88)),
            "Tuesday 17–18: mostly men, 70 % (61–78 %), of 143 read; 88 not readable.",
            "martedì 17–18: soprattutto uomini, 70 % (61–78 %), su 143 letti; 88 non leggibili.",
        ),
        (
            told((520, 440, 600), "balanced", (74, 69, 88)),
            (
                "Tuesday 17–18: neither clearly more women nor more men, women 52 % (44–60 %), of 143 read; "
                "88 not readable."
            ),
            (
                "martedì 17–18: né chiaramente più donne né più uomini, donne 52 % (44–60 %), su 143 letti; "
                "88 non leggibili."
            ),
        ),
    ],
    ids=["women", "men", "balanced"],
)
def test_the_answer_to_the_question(hour: Hour, english: str, italian: str) -> None:
    """Mostly women or men, how sure, of how many, and how many could not be read."""
    assert hour_sentence(hour) == english
    assert hour_sentence(hour, "it") == italian


@pytest.mark.parametrize(
    ("hour", "sentence"),
    [
        (sealed((0, 0, 0)), "Wednesday 12–13: nobody came by."),
        (sealed((1, 0, 0)), "Wednesday 12–13: one visitor, too few to tell more."),
        (sealed((2, 3, 2)), "Wednesday 12–13: 7 visitors, too few to tell more."),
        (
            sealed((3, 40, 20)),
            "Wednesday 12–13: 43 read, too few women or men among them to tell which are more; 20 not readable.",
        ),
        (sealed((30, 40, 3)), "Wednesday 12–13: 73 visitors, too few of one kind to tell more."),
        (
            sealed((6, 7, 9)),
            (
                "Wednesday 12–13: neither clearly more women nor more men, women 46 % (19–75 %), of 13 read; "
                "9 not readable; few were read, so take it with care."
            ),
        ),
        (sealed((40, 41, 9), reading=None), "Wednesday 12–13: visitors are not read here."),
        (
            sealed((90, 10, 9), blind_s=1200),
            (
                "Wednesday 12–13: mostly women, 98 % (89–100 %), of 100 read; 9 not readable; "
                "the camera did not see for 20 of 60 minutes."
            ),
        ),
        (
            sealed((90, 10, 9), reading=Reading(k=5, model="3" * 16)),
            "Wednesday 12–13: 90 read as women and 10 as men; 9 not readable.",
        ),
    ],
    ids=["nobody", "one", "few", "few men", "few unread", "small", "off", "blind", "no matrix"],
)
def test_honest_variants(hour: Hour, sentence: str) -> None:
    """What is suppressed, not seen or not sure is said as such, and nothing is made up in its place."""
    assert hour_sentence(hour) == sentence


def test_a_blind_hour_is_not_an_empty_one() -> None:
    """An hour without sight says so, instead of that nobody came."""
    shop = camera(clock_at(0), reading=READING)
    shop.miss(3601, GapCause.COVERED)
    assert hour_sentence(shop.hours[0]) == "Wednesday 12–13: the camera did not see."
    assert hour_sentence(shop.hours[0], "it") == "mercoledì 12–13: la telecamera non vedeva."


def test_the_day_and_what_it_leaves_out() -> None:
    """The last hour of the local day has a sentence for all of it, with the quiet hours that it cannot include."""
    clock = ManualClock(0.0, T0 + 10 * 3600)  # 22 o'clock in Rome
    shop = camera(clock, reading=READING)
    for sex in ((60, 20, 9), (1, 2, 0)):
        shop.gate.frame(visitors(clock.monotonic(), sex, (*NO_AGES[:-1], sum(sex))))
        shop.look(3600)
    first, last = shop.hours
    assert day_sentence(first) is None
    assert hour_sentence(last) == "Wednesday 23–24: 3 visitors, too few to tell more."
    assert day_sentence(last) == (
        "Wednesday 10 June: mostly women, 80 % (68–90 %), of 80 read; 9 not readable; "
        "3 visitors of quiet hours left out."
    )


def test_ages_in_words() -> None:
    """The most common band is named with its share and interval, and nothing is where bands are hidden."""
    hour = sealed((60, 60, 20), age=(10, 20, 40, 25, 15, 10, 20))
    assert age_sentence(hour.demographics) == "Most often 30–39: 38 % (26–67 %) of those read."
    assert age_sentence(hour.demographics, "it") == "Più spesso 30–39: 38 % (26–67 %) dei letti."
    assert age_sentence(sealed((60, 60, 20)).demographics) is None


def test_the_hour_that_the_clock_repeats() -> None:
    """In autumn two hours have the same name on the wall; the first of them says that the clock changes in it."""
    hour = told((612, 540, 681), "female", (86, 57, 88))
    twice = [
        hour_sentence(
            hour.model_copy(update={"start": f"2026-10-25T0{h}:00:00Z", "end": f"2026-10-25T0{h + 1}:00:00Z"})
        )
        for h in (0, 1)
    ]
    assert twice[0].startswith("Sunday 2–2 (clock change): mostly women")
    assert twice[1].startswith("Sunday 2–3: mostly women")


def test_matrix_and_golden_numbers_belong_together() -> None:
    """The sentences above are for a network that is right in 92 of 100 cases."""
    assert [row[i] / sum(row) for i, row in enumerate(SEX_CONFUSION)] == pytest.approx([0.92, 0.927], abs=0.001)
