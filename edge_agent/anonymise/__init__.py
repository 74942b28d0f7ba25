"""The one place where tracks end: windows, coverage, opening hours."""

from edge_agent.anonymise.calendar import Calendar, Week
from edge_agent.anonymise.drafts import Draft, Face, Plan
from edge_agent.anonymise.gate import Gate
from edge_agent.anonymise.ledger import CameraLedger, exact_epsilon, privacy_message
from edge_agent.anonymise.release import Reading

__all__ = [
    "Calendar",
    "CameraLedger",
    "Draft",
    "Face",
    "Gate",
    "Plan",
    "Reading",
    "Week",
    "exact_epsilon",
    "privacy_message",
]
