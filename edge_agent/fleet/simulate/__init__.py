"""Believable shops with a known truth, from a seed: the demo's history, and what tests and benchmarks compare with."""

from edge_agent.fleet.simulate.fill import fill
from edge_agent.fleet.simulate.messages import Sealed, sealed
from edge_agent.fleet.simulate.shop import Camera, Shop, Zone, shops
from edge_agent.fleet.simulate.truth import TrueHour, truth

__all__ = ["Camera", "Sealed", "Shop", "TrueHour", "Zone", "fill", "sealed", "shops", "truth"]
