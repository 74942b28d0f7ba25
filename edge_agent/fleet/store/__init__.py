"""What the fleet keeps: the messages as they came, and the numbers in them laid out for questions."""

from edge_agent.fleet.store.database import StoreAway, StoreError, open_store
from edge_agent.fleet.store.rows import HourRows, hour_rows

__all__ = ["HourRows", "StoreAway", "StoreError", "hour_rows", "open_store"]
