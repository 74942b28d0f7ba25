"""The demo clip: a minute at a shop's door, rendered, and the exact truth of who crossed and who stayed."""
