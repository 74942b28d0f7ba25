"""The world in which people stand: `Places(data, cache).make(rng)` gives a `scene.Place`."""

from training.places.places import Places

__all__ = ["Places"]
