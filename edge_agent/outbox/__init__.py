"""The durable queue between counting and sending."""

from edge_agent.outbox.database import GENESIS
from edge_agent.outbox.errors import OutboxError, OutboxFull, OutboxInUse, OutboxTooNew
from edge_agent.outbox.queue import Draft, Mark, Outbox, Row, Seal, Stats
from edge_agent.outbox.switches import History, Switch, note_switches, read_switches

__all__ = [
    "GENESIS",
    "Draft",
    "History",
    "Mark",
    "Outbox",
    "OutboxError",
    "OutboxFull",
    "OutboxInUse",
    "OutboxTooNew",
    "Row",
    "Seal",
    "Stats",
    "Switch",
    "note_switches",
    "read_switches",
]
