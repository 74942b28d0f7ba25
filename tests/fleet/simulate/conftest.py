"""What the tests of the simulation share."""

from support.postgres import postgres

__all__ = ["postgres"]
