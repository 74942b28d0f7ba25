"""Detections become tracks: who is the same person as in the frame before."""

from edge_agent.tracker.tracker import Tracker

__all__ = ["Tracker"]
