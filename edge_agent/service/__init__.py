"""The service: threads, signals, supervision, shutdown order."""

from edge_agent.service.device import Service
from edge_agent.service.threads import GiveUp

__all__ = ["GiveUp", "Service"]
