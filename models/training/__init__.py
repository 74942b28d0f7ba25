"""How the default person detector is made: people who do not exist, a network, and the proof of what it can do.

Nothing here is imported by `edge_agent`. The packages it needs are the dependency group `training`.
"""
