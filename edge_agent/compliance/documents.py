"""Makes the documents: HTML that needs nothing else, in Italian and English, from the facts and the controller."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from edge_agent.compliance.controller import Controller
from edge_agent.compliance.facts import Facts

LANGUAGES: Final = ("it", "en")
DOCUMENTS: Final = ("notice", "full-notice", "record", "dpia")

_TEMPLATES: Final = Path(__file__).parent / "templates"
_MONTHS: Final = {
    "en": "January February March April May June July August September October November December",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
}

_LABELS: Final = {
    "name": ("name of the controller", "denominazione del titolare"),
    "address": ("registered office", "sede legale"),
    "contact": ("e-mail or telephone for requests", "e-mail o telefono per le richieste"),
    "dpo": ("contact of the data protection officer", "contatto del responsabile della protezione dei dati"),
    "url": ("address of the full notice", "indirizzo dell’informativa completa"),
    "retention": ("retention at the centre", "conservazione presso la sede centrale"),
    "processors": ("processors", "responsabili del trattamento"),
    "servers": ("countries where the servers stand", "Paesi in cui si trovano i server"),
    "objection": ("what to do in the store to object", "come opporsi in negozio"),
    "notice_date": ("date on which the notice was put up", "data di affissione del cartello"),
    "signature": ("date and signature", "data e firma"),
    "assessment": ("the controller’s assessment", "valutazione del titolare"),
    "consulted": ("opinions heard", "pareri raccolti"),
}
"""What a blank asks for, in English and Italian."""

ADVISED: Final = frozenset({"signature", "assessment", "consulted"})
"""Blanks that are filled in by hand in any case: they are not missing from the configuration."""


@dataclass(frozen=True, slots=True)
class Document:
    """A page that was made. `missing`: what has to be filled in by hand because nobody said it."""

    name: str
    html: str
    missing: tuple[str, ...]


def make(kind: str, language: str, facts: Facts, controller: Controller, today: date) -> Document:
    """Make one document in one language."""
    missing: dict[str, None] = {}

    def blank(field: str) -> Markup:
        if field not in ADVISED:
            missing[field] = None
        label = _LABELS[field][language == "it"]
        return Markup('<span class="blank">{}</span>').format(label)

    def say(field: str) -> Markup:
        value = getattr(controller, field)
        return Markup("{}").format(value) if value is not None else blank(field)

    page = _environment(language).get_template(f"{kind}.{language}.html")
    html = page.render(
        f=facts,
        c=controller,
        say=say,
        blank=blank,
        qr=_qr(controller.url, language),
        day=lambda when: _day(when, language),
        today=today,
        language=language,
    )
    return Document(f"{kind}.{language}.html", html, tuple(missing))


_CHECKS: Final = {
    "no_picture_on_disk": ("No picture on disk", "Nessuna immagine su disco"),
    "memory_overwritten": ("Memory is overwritten", "La memoria è sovrascritta"),
    "schema_unchanged": ("Schema of the messages unchanged", "Schema dei messaggi invariato"),
    "no_core_file": ("A crash leaves no memory on a disk", "Un arresto anomalo non lascia memoria su disco"),
    "swap": ("Swap", "Memoria di scambio (swap)"),
    "switch_history": ("Demographics: history of the switch", "Sesso e fascia d’età: cronologia di attivazione"),
    "versions": ("Versions and configuration", "Versioni e configurazione"),
}
_VERDICTS: Final = {
    "passed": ("passed", "superato"),
    "failed": ("FAILED", "NON SUPERATO"),
    "told": ("for information", "a titolo informativo"),
}


def make_report(signed: dict[str, Any], language: str) -> str:
    """Make the page of a signed self-check; what counts is the signed file, of which it is the readable form."""
    return (
        _environment(language)
        .get_template("self-check.html")
        .render(
            r=signed["report"],
            signed=signed,
            it=language == "it",
            language=language,
            f=SimpleNamespace(version=signed["report"]["version"]),
            title_of=lambda name: _CHECKS[name][language == "it"],
            verdict_of=lambda verdict: _VERDICTS[verdict][language == "it"],
        )
    )


def label(field: str) -> str:
    """What a missing field is, in English."""
    return _LABELS[field][0]


def make_all(
    kinds: Iterable[str], languages: Iterable[str], facts: Facts, controller: Controller, today: date
) -> list[Document]:
    """Make several documents in several languages."""
    languages = tuple(languages)
    return [make(kind, language, facts, controller, today) for kind in kinds for language in languages]


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["names"] = lambda names: ", ".join(names) if names else "–"
    environment.filters["dot"] = lambda text: text if text.endswith(".") else text + "."
    environment.filters["number"] = lambda value: f"{value:g}".replace(".", "," if language == "it" else ".")
    return environment


def _qr(url: str | None, language: str) -> Markup | None:
    """The address as a QR code that a phone reads from a door: inline SVG, with a word for who cannot see it."""
    if url is None:
        return None
    said = "Codice QR con l’indirizzo dell’informativa completa" if language == "it" else "QR code of the full notice"
    out = BytesIO()
    code = segno.make(url, error="m", micro=False)
    code.save(out, kind="svg", xmldecl=False, svgns=False, omitsize=True, border=4, light="#fff", title=said)
    svg = out.getvalue().decode().strip()
    return Markup(svg.replace("<svg ", '<svg role="img" ', 1))  # noqa: S704 - segno's own; the address is in its squares


def _day(when: date, language: str) -> str:
    number = "1º" if when.day == 1 and language == "it" else str(when.day)
    return f"{number} {_MONTHS[language].split()[when.month - 1]} {when.year}"
