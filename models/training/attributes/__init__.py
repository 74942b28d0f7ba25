"""The attribute model: what a shop camera's small picture of a face tells of sex and age, and when it tells nothing."""
