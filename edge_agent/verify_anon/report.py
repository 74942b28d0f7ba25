"""What was found in one or several files of captured traffic, and how it is shown."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from edge_agent.message import TOPICS
from edge_agent.verify_anon.capture import Missed, Remark
from edge_agent.verify_anon.contract import Reason
from edge_agent.verify_anon.topics import TOWARDS_DEVICE

_NAMES_SHOWN: Final = 40
_NAMES: Final = ("tenant", "site", "device", "camera", "line", "zone")
_UNKNOWN: Final = "?"


@dataclass(frozen=True, slots=True)
class Judged:
    """One message under the root and the verdict on it."""

    file: str
    place: str
    topic: str
    kind: str
    reasons: tuple[Reason, ...]


@dataclass(slots=True)
class Report:
    """Everything that the tool has to say. `judged` holds the good ones only if they were asked for."""

    files: list[str] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)
    missed: list[tuple[str, Missed]] = field(default_factory=list)
    remarks: Counter[str] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)
    names: dict[str, set[str]] = field(default_factory=dict)
    chained: int = 0
    unchained: int = 0
    cut_short: int = 0

    @property
    def ok(self) -> bool:
        """Whether there are messages of the contract, every one is within it, and nothing was left unread."""
        return not self.missed and bool(self.messages.total()) and not self.wrong.total()

    def remark(self, made: Remark) -> None:
        """Note a remark."""
        self.remarks[made.text] += 1

    def lines(self) -> list[str]:
        """The findings, one a line."""
        found = []
        for judged in self.judged:
            where = f"{judged.file}: {judged.place}: {judged.topic}"
            found += [f"{where}: {reason}" for reason in judged.reasons] or [f"{where}: within the contract"]
        found += [f"{file}: {_missed(missed)}" for file, missed in self.missed]
        return [_one_line(line) for line in found]

    def summary(self) -> list[str]:
        """The table per topic, and what to know about it."""
        kinds = [kind for kind in _ORDER if self.messages[kind]]
        kinds += sorted(kind for kind in self.messages if kind not in _ORDER)
        width = max([len("topic"), *(len(_label(kind)) for kind in kinds)])
        table = [f"{'topic':{width}}  messages    within    not within"]
        for kind in kinds:
            n, wrong = self.messages[kind], self.wrong[kind]
            table.append(f"{_label(kind):{width}}  {n:8}  {n - wrong:8}  {wrong:12}")
        table += ["", *self._notes(), "", self.verdict()]
        return [_one_line(line) for line in table]

    def verdict(self) -> str:
        """The result in one sentence."""
        n, wrong, missed = self.messages.total(), self.wrong.total(), len(self.missed)
        messages, are = _plural(n, "message"), "is" if (wrong or n) == 1 else "are"
        unread = f" {missed} {_plural(missed, 'thing')} could not be read: see above." if missed else ""
        if n == 0:
            return f"No message under footfall/v1 was found: there is nothing to judge.{unread}"
        if wrong:
            return f"{wrong} of {n} {messages} {are} NOT within the contract.{unread}"
        return f"All {n} {messages} that could be read {are} within the contract.{unread}"

    def plain(self) -> dict[str, Any]:
        """The same as plain values, for JSON."""
        return {
            "files": self.files,
            "ok": self.ok,
            "messages": self.messages.total(),
            "not_within": self.wrong.total(),
            "topics": [
                {"topic": kind, "messages": n, "not_within": self.wrong[kind], "towards_device": kind in TOWARDS_DEVICE}
                for kind, n in self.messages.items()
            ],
            "findings": [
                {
                    "file": judged.file,
                    "place": judged.place,
                    "topic": judged.topic,
                    "within": not judged.reasons,
                    "reasons": [
                        {"field": reason.field, "what": reason.what, "allowed": reason.allowed}
                        for reason in judged.reasons
                    ],
                }
                for judged in self.judged
            ],
            "not_read": [
                {"file": file, "place": missed.place, "why": missed.why, "do": missed.todo}
                for file, missed in self.missed
            ],
            "other_systems": self.others.total(),
            "remarks": dict(self.remarks),
            "names": {kind: sorted(names) for kind, names in self.names.items()},
            "hashes": {"checked": self.chained, "not_checked": self.unchained},
            "windows_cut_short": self.cut_short,
        }

    def _notes(self) -> list[str]:
        notes = []
        if self.others:
            most = ", ".join(f"{name} {n}" for name, n in self.others.most_common(10))
            n = self.others.total()
            notes.append(f"{n} {_plural(n, 'message')} of other systems, not under footfall/v1, not judged: {most}")
        for kind in sorted(self.names, key=lambda kind: _NAMES.index(kind) if kind in _NAMES else len(_NAMES)):
            names = self.names[kind]
            shown = ", ".join(sorted(names)[:_NAMES_SHOWN])
            more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
            notes.append(f"names of {kind}s seen, to compare with the configuration: {shown}{more}")
        if self.chained or self.unchained:
            notes.append(
                f"prev_hash: {self.chained} checked, {self.unchained} not (the message before is not in the capture)"
            )
        if self.cut_short:
            notes.append(f"windows cut short by a step of the clock or another configuration: {self.cut_short}")
        notes += [text if n == 1 else f"{text} ({n} times)" for text, n in self.remarks.items()]
        return notes


_ORDER: Final = (*(topic.leaf for topic in TOPICS), _UNKNOWN)


def _label(kind: str) -> str:
    if kind == _UNKNOWN:
        return "(no topic of the contract)"
    return f"{kind} (towards the device)" if kind in TOWARDS_DEVICE else kind


def _missed(missed: Missed) -> str:
    what = f"{missed.place}: not judged: {missed.why}" if missed.place else missed.why
    return f"{what}; {missed.todo}" if missed.todo else what


def _plural(n: int, noun: str) -> str:
    return noun if n == 1 else f"{noun}s"


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)
