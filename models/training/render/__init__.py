"""Draws people in their places with OpenGL, with the truth of which pixel shows whom."""

from training.render.renderer import Picture, Renderer
from training.render.target import Whole

__all__ = ["Picture", "Renderer", "Whole"]
