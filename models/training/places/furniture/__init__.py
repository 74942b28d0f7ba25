"""Pieces of furniture, goods, vehicles and plants, built from shapes in several variants each."""
