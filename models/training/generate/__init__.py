"""Makes shards of rendered pictures: people in places, seen by cameras, with their truth."""
