"""Tracks to visitors: apparent sex and age band, a closed list, read from a few looks at each face. Off by default.

No picture, no face and no number that could tell one face from another outlives the frame that it was made from.
"""

from edge_agent.demographics.look import crop_of, fit
from edge_agent.demographics.reader import PERSON, Errors, FaceModel, Read, VisitorReader
from edge_agent.demographics.search import Find, Search, usual_places
from edge_agent.demographics.votes import BANDS, SEXES, Reading, Rule, Votes, combined

__all__ = [
    "BANDS",
    "PERSON",
    "SEXES",
    "Errors",
    "FaceModel",
    "Find",
    "Read",
    "Reading",
    "Rule",
    "Search",
    "VisitorReader",
    "Votes",
    "combined",
    "crop_of",
    "fit",
    "usual_places",
]
