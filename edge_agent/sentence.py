"""An hour or a day in words, for people who will not read JSON: who came, how sure that is, and what is not told.

Made from nothing but the message, so that the device, a replay and the fleet say the same.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Final, Literal
from zoneinfo import ZoneInfo

from edge_agent.message import Demographics, Hour, SexCounts, Share

Language = Literal["en", "it"]

_FEW: Final = 20  # read visitors under which the interval alone does not warn enough

_TO: Final = "\N{EN DASH}"

_ENGLISH: Final = MappingProxyType(
    {
        "days": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
        "months": "January February March April May June July August September October November December",
        "off": "visitors are not read here",
        "blind": "the camera did not see",
        "spent": "nothing is told, because the day's privacy budget is spent",
        "nobody": "nobody came by",
        "female": "mostly women, {share}, of {read} read",
        "male": "mostly men, {share}, of {read} read",
        "balanced": "neither clearly more women nor more men, women {share}, of {read} read",
        "counts": "{female} read as women and {male} as men",
        "unread": "{unknown} not readable",
        "few_of_one": "{read} read, too few women or men among them to tell which are more",
        "hidden": "{visitors} visitors, too few of one kind to tell more",
        "too_few": "{visitors} visitors, too few to tell more",
        "one": "one visitor, too few to tell more",
        "small": "few were read, so take it with care",
        "left_out": "{left_out} visitors of quiet hours left out",
        "blind_min": "the camera did not see for {blind} of {minutes} minutes",
        "noise": "counts carry noise for privacy",
        "clock": "clock change",
        "age": "Most often {band}: {share} of those read.",
        "under_20": "under 20",
        "from_60": "60 and over",
    }
)
_ITALIAN: Final = MappingProxyType(
    {
        "days": "lunedì martedì mercoledì giovedì venerdì sabato domenica",
        "months": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
        "off": "qui i visitatori non vengono letti",
        "blind": "la telecamera non vedeva",
        "spent": "non si dice nulla, perché il budget di privacy del giorno è esaurito",
        "nobody": "non è passato nessuno",
        "female": "soprattutto donne, {share}, su {read} letti",
        "male": "soprattutto uomini, {share}, su {read} letti",
        "balanced": "né chiaramente più donne né più uomini, donne {share}, su {read} letti",
        "counts": "{female} letti come donne e {male} come uomini",
        "unread": "{unknown} non leggibili",
        "few_of_one": "{read} letti, tra loro troppo poche donne o troppo pochi uomini per dire chi prevale",
        "hidden": "{visitors} visitatori, troppo pochi di un tipo per dire di più",
        "too_few": "{visitors} visitatori, troppo pochi per dire di più",
        "one": "un visitatore, troppo poco per dire di più",
        "small": "pochi sono stati letti, quindi da prendere con cautela",
        "left_out": "esclusi {left_out} visitatori di ore tranquille",
        "blind_min": "la telecamera non ha visto per {blind} minuti su {minutes}",
        "noise": "i conteggi contengono rumore a tutela della privacy",
        "clock": "cambio dell'ora",
        "age": "Più spesso {band}: {share} dei letti.",
        "under_20": "meno di 20 anni",
        "from_60": "60 anni e oltre",
    }
)
_WORDS: Final[Mapping[Language, Mapping[str, str]]] = MappingProxyType({"en": _ENGLISH, "it": _ITALIAN})


def hour_sentence(hour: Hour, language: Language = "en") -> str:
    """Return the hour in words: which sex came more often, how sure that is, of how many, and who was not readable."""
    words = _WORDS[language]
    begin, end = (_local(text, hour.tz) for text in (hour.start, hour.end))
    when = f"{_pick(words, 'days', begin.weekday())} {_time(begin)}{_TO}{_time(end, ends=True)}"
    if begin.utcoffset() != end.utcoffset():
        when += f" ({words['clock']})"
    if hour.observed_s == 0 and not (hour.demographics and hour.demographics.visitors):
        return _sentence(when, words["blind"])
    parts = _parts(hour.demographics, words)
    missed_min = (hour.expected_s - hour.observed_s) // 60
    if missed_min and hour.demographics is not None:
        parts.append(words["blind_min"].format(blind=missed_min, minutes=round(hour.expected_s / 60)))
    return _sentence(when, *parts)


def day_sentence(hour: Hour, language: Language = "en") -> str | None:
    """Return the local day that ends with this hour in words; None where the message tells of none."""
    if hour.day_demographics is None:
        return None
    words = _WORDS[language]
    day = _local(hour.start, hour.tz).date()
    return _sentence(_date(day, words), *_parts(hour.day_demographics, words))


def age_sentence(demographics: Demographics | None, language: Language = "en") -> str | None:
    """Return the most common age band in words; None where shares are not told."""
    ages = demographics.age if demographics is not None else None
    if ages is None or ages.shares is None:
        return None
    words = _WORDS[language]
    shares: dict[str, Share] = dict(ages.shares)
    band = max(shares, key=lambda name: shares[name].share_milli)
    decade = band.removeprefix("from_")
    named = words.get(band) or f"{decade}{_TO}{int(decade) + 9}"
    return words["age"].format(band=named, share=_percent(shares[band]))


def _parts(told: Demographics | None, words: Mapping[str, str]) -> list[str]:
    if told is None:
        return [words["off"]]
    if told.visitors is None:
        return [words["spent"]]
    parts = [words["nobody"]] if told.visitors == 0 else _sex(told, told.visitors, words)
    return [*parts, words["noise"]] if told.epsilon_milli else parts


def _sex(told: Demographics, visitors: int, words: Mapping[str, str]) -> list[str]:
    sex = told.sex
    if sex.unknown is None:
        if visitors == 1:
            return [words["one"]]
        return [words["too_few" if visitors < 2 * told.k else "hidden"].format(visitors=visitors)]
    unread = words["unread"].format(unknown=sex.unknown)
    if sex.female is None or sex.male is None:
        return [words["few_of_one"].format(read=visitors - sex.unknown), unread]
    parts = [_majority(sex, sex.female, sex.male, words), unread]
    if sex.left_out:
        parts.append(words["left_out"].format(left_out=sex.left_out))
    if sex.female_share is not None and sex.female + sex.male < _FEW:
        parts.append(words["small"])
    return parts


def _majority(sex: SexCounts, female: int, male: int, words: Mapping[str, str]) -> str:
    share = sex.female_share
    if share is None or sex.mostly is None:
        return words["counts"].format(female=female, male=male)
    if sex.mostly == "male":
        share = Share(
            share_milli=1000 - share.share_milli,
            low_milli=1000 - share.high_milli,
            high_milli=1000 - share.low_milli,
        )
    return words[sex.mostly].format(share=_percent(share), read=female + male)


def _percent(share: Share) -> str:
    whole, low, high = (_whole(milli) for milli in (share.share_milli, share.low_milli, share.high_milli))
    return f"{whole} % ({low}{_TO}{high} %)"


def _whole(milli: int) -> int:
    return (milli + 5) // 10


def _sentence(when: str, *parts: str) -> str:
    return f"{when}: {'; '.join(parts)}."


def _local(instant: str, tz: str) -> datetime:
    return datetime.strptime(instant, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).astimezone(ZoneInfo(tz))


def _time(at: datetime, *, ends: bool = False) -> str:
    hour = at.hour or (24 if ends and at.minute == 0 else 0)
    return f"{hour}" if at.minute == 0 else f"{hour}:{at.minute:02d}"


def _date(day: date, words: Mapping[str, str]) -> str:
    return f"{_pick(words, 'days', day.weekday())} {day.day} {_pick(words, 'months', day.month - 1)}"


def _pick(words: Mapping[str, str], which: str, number: int) -> str:
    return words[which].split()[number]
