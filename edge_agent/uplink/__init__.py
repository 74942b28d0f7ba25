"""What brings the counts to the broker."""

from edge_agent.uplink.uplink import Counters, Uplink

__all__ = ["Counters", "Uplink"]
