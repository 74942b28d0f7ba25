"""Lines and zones: from tracks to crossings, stays and occupancy."""

from edge_agent.counting.scene import SceneCounter

__all__ = ["SceneCounter"]
