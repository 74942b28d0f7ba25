"""What `run` says before it counts: enough to tell one device's log from another's, and why nothing comes yet."""

import logging

import pytest
from support.agent import Site

from edge_agent.clock import ManualClock
from edge_agent.commands.run import announce
from edge_agent.config import load


def test_the_log_begins_with_what_runs(site: Site) -> None:
    """The first line names the version, the device, its cameras and the network."""
    done = site.run()
    assert done.status == 0, done.err
    first = done.err.splitlines()[0]
    for word in ("edge-agent 0.", "demo/milano-01/door-1", "cameras: entrance", "person (fp32)"):
        assert word in first


@pytest.mark.parametrize(
    ("synced", "hold_min", "said"), [(False, 10.0, True), (True, 10.0, False), (False, 0.0, False)]
)
def test_a_clock_that_is_not_set_is_said(
    site: Site, caplog: pytest.LogCaptureFixture, *, synced: bool, hold_min: float, said: bool
) -> None:
    """Whoever waits in vain for the first window finds out from the log that it is held back, and for how long."""
    config = load(site.with_tables(clock={"hold_min": hold_min}).config)
    with caplog.at_level(logging.INFO):
        announce(config, "person (fp32)", ManualClock(synced=synced))
    assert ("hold_min = 10 min" in caplog.text) == said
