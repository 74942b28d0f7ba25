"""Count people at the edge, publish only anonymous numbers."""

__version__ = "0.1.0"
