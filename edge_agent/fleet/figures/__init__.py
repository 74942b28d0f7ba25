"""One place of questions to the store: every number that a report or a page shows comes from here."""

from edge_agent.fleet.figures.footfall import By, Footfall, footfall
from edge_agent.fleet.figures.gather import Figures, gather
from edge_agent.fleet.figures.scope import Period, Scope, ScopeError, SiteRow

__all__ = ["By", "Figures", "Footfall", "Period", "Scope", "ScopeError", "SiteRow", "footfall", "gather"]
