"""Dressed, posed people as meshes: built once from licence-free body parts, read by whatever renders them."""

from training.figures.library import FigureLibrary
from training.figures.looks import Look, dress

__all__ = ["FigureLibrary", "Look", "dress"]
