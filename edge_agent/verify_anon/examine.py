"""Reads files of captured traffic, whatever their kind, and judges every message in them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from edge_agent.message import ROOT
from edge_agent.verify_anon.capture import CannotReadError, Captured, Item, Missed, Remark
from edge_agent.verify_anon.chain import Chain
from edge_agent.verify_anon.contract import Reason, judge
from edge_agent.verify_anon.network import read_network
from edge_agent.verify_anon.packets import PCAP, PCAPNG
from edge_agent.verify_anon.report import Judged, Report
from edge_agent.verify_anon.sums import objects
from edge_agent.verify_anon.text import read_text
from edge_agent.verify_anon.topics import is_ours, place

_COMPRESSED: Final = {
    b"\x1f\x8b": "gunzip",
    b"\x28\xb5\x2f\xfd": "zstd -d",
    b"\xfd7zX": "xz -d",
    b"PK\x03\x04": "unzip",
}
_NAMES_KEPT: Final = 10_000


def examine(files: list[Path], *, keep_good: bool = False) -> Report:
    """Judge every message in the files, in the order given, as one capture.

    Args:
        files: output of mosquitto_sub, pcap or pcapng.
        keep_good: keep the messages that are within the contract, too.

    Raises:
        OSError: a file cannot be opened.
    """
    report, chain = Report(), Chain()
    for path in files:
        report.files.append(str(path))
        judge_file = _File(str(path), report, chain, keep_good=keep_good)
        with path.open("rb") as file:
            try:
                for item in _items(file):
                    judge_file.take(item)
            except CannotReadError as error:
                report.missed.append((str(path), Missed("", f"the file {error}")))
        judge_file.end()
    report.chained, report.unchained = chain.checked, chain.unchecked
    return report


def _items(file: IO[bytes]) -> Iterator[Item]:
    magic = file.read(4)
    file.seek(0)
    for mark, tool in _COMPRESSED.items():
        if magic.startswith(mark):
            raise CannotReadError(f"is compressed; unpack it first: {tool} FILE")
    return read_network(file) if magic in (*PCAP, PCAPNG) else read_text(file)


class _File:
    """The messages of one file."""

    def __init__(self, name: str, report: Report, chain: Chain, *, keep_good: bool) -> None:
        self._name = name
        self._report = report
        self._chain = chain
        self._keep_good = keep_good
        self._ours: set[str] = set()
        self._elsewhere: dict[str, tuple[str, str]] = {}

    def take(self, item: Item) -> None:
        """Judge a message, or note the rest."""
        match item:
            case Missed():
                self._report.missed.append((self._name, item))
            case Remark():
                self._report.remark(item)
            case Captured() if is_ours(item.topic):
                self._judge(item)
            case Captured():
                first = item.topic.split("/", 1)[0] if item.topic else "(lines without a topic)"
                self._report.others[first if len(self._report.others) < _NAMES_KEPT else "(more)"] += 1
                if item.connection is not None:
                    self._elsewhere.setdefault(item.connection, (item.place, item.topic))

    def end(self) -> None:
        """Find connections that publish under the root and elsewhere, too: then a device does."""
        for connection, (where, topic) in self._elsewhere.items():
            if connection in self._ours:
                what = f"published by who also publishes under {ROOT} (connection between {connection})"
                allowed = f"topics under {ROOT}; if that is a bridge between brokers, capture nearer to the device"
                self._note(where, topic, "?", (Reason("topic", what, allowed),))

    def _judge(self, message: Captured) -> None:
        at = place(message.topic)
        reasons = judge(message, at)
        if at is not None and at.row is not None and not reasons and message.payload:
            reasons = self._links(message, at.base)
            for name, value in at.levels.items():
                known = self._report.names.setdefault(name, set())
                if len(known) < _NAMES_KEPT:
                    known.add(value)
        if message.connection is not None and (at is None or not at.towards_device):
            self._ours.add(message.connection)
        if message.rewritten:
            text = "written with `mosquitto_sub -F %J`, which changes payloads (1.0 becomes 1): use %j, it keeps them"
            self._report.remark(Remark(text))
        self._note(message.place, message.topic, "?" if at is None else at.kind, reasons)

    def _links(self, message: Captured, base: str) -> tuple[Reason, ...]:
        """Judge what needs more than one message."""
        payload = message.payload or b""
        values = json.loads(payload) if payload.startswith(b"{") else {}
        self._report.cut_short += "partial" in values.get("quality", ())
        for row, kind in (("lines", "line"), ("zones", "zone")):
            self._report.names.setdefault(kind, set()).update(part["name"] for part in objects(values.get(row), "name"))
        if isinstance(values.get("camera"), str):
            self._report.names.setdefault("camera", set()).add(values["camera"])
        if message.rewritten or not {"epoch", "seq", "prev_hash"} <= values.keys():
            return ()
        found = self._chain.add(base, values["epoch"], values["seq"], values["prev_hash"], payload)
        return tuple(Reason("prev_hash", what) for what in found)

    def _note(self, where: str, topic: str, kind: str, reasons: tuple[Reason, ...]) -> None:
        self._report.messages[kind] += 1
        self._report.wrong[kind] += bool(reasons)
        if reasons or self._keep_good:
            self._report.judged.append(Judged(self._name, where, topic, kind, reasons))
