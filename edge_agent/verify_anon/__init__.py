"""Whether captured MQTT traffic keeps to the contract: for a data-protection officer who does not trust the agent.

It shares only the schema with the rest (`message`, `terms`); tests/test_imports.py holds that. What it reads comes from
outside: from `mosquitto_sub`, or from the network itself.
"""

from edge_agent.verify_anon.capture import CannotReadError
from edge_agent.verify_anon.examine import examine
from edge_agent.verify_anon.report import Report

__all__ = ["CannotReadError", "Report", "examine"]
