"""What brings the counts to the broker."""

from edge_agent.uplink.counters import Counters
from edge_agent.uplink.uplink import Uplink

__all__ = ["Counters", "Uplink"]
