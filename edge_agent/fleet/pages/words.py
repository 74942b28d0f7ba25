"""What the pages say, in English and Italian."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from edge_agent.fleet.pages.english import ENGLISH
from edge_agent.fleet.pages.italian import ITALIAN
from edge_agent.sentence import Language

LANGUAGES: Final[tuple[Language, ...]] = ("en", "it")

WORDS: Final[Mapping[Language, Mapping[str, str]]] = MappingProxyType(
    {"en": MappingProxyType(ENGLISH), "it": MappingProxyType(ITALIAN)}
)


def say(language: Language, key: str, **values: object) -> str:
    """Return a text in the language.

    Raises:
        KeyError: there is no text of that key.
    """
    text = WORDS[language][key]
    return text.format(**values) if values else text


def say_of(language: Language, group: str, word: str) -> str:
    """Return a word of a closed list in the language; a word that a newer device brings stays as it is."""
    words = WORDS[language]
    return words.get(f"{group}.{word}") or words.get(word, word)


def pick_language(asked: str | None, kept: str | None, accepted: str, otherwise: Language) -> Language:
    """Choose the language: the address's, the cookie's, the browser's, in this order.

    Args:
        asked: of the query.
        kept: of the cookie.
        accepted: the header Accept-Language.
        otherwise: where none of them names one that is here.
    """
    wanted = [asked or "", kept or "", *_accepted(accepted)]
    for tag in wanted:
        for language in LANGUAGES:
            if tag.lower().split("-")[0] == language:
                return language
    return otherwise


def _accepted(header: str) -> list[str]:
    """The tags of Accept-Language, best first."""
    weighed = []
    for place, part in enumerate(header.split(",")[:20]):
        tag, _, rest = part.strip().partition(";")
        quality = rest.strip().removeprefix("q=")
        try:
            weighed.append((-float(quality) if quality else -1.0, place, tag))
        except ValueError:
            continue
    return [tag for weight, _, tag in sorted(weighed) if weight < 0]
