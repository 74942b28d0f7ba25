"""How long commands say what they are doing."""

from collections.abc import Callable

Say = Callable[[str], None]
"""Told in a few words what begins now."""
