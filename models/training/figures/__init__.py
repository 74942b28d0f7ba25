"""Dressed, posed people as meshes: built once from licence-free body parts, read by whatever renders them.

Bodies come from the package `anny` (code Apache-2.0, body data CC0), clothes and hair from MakeHuman (CC0); coats,
dresses, headwear, poses and carried things are made here. The way of a figure: `body` -> `outfits` (`wardrobe`,
`shells`, `headwear`) -> `poses`, `posing` -> `props` -> `maker` -> `library`; `looks` colours it when it is drawn.
"""

from training.figures.library import FigureLibrary
from training.figures.looks import Look, dress

__all__ = ["FigureLibrary", "Look", "dress"]
