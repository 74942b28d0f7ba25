"""Which version of MQTT the fleet speaks to brokers that do not say that they have only one."""

import socket
from collections.abc import Iterator
from random import Random

import pytest

from edge_agent.fleet.broker import Attempts, BrokerError, Link
from edge_agent.fleet.settings import Broker


@pytest.fixture
def silent() -> Iterator[Broker]:
    """Somebody who takes connections and says nothing, as amqtt does to MQTT 5."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield Broker(url=f"mqtt://127.0.0.1:{listener.getsockname()[1]}")


def test_a_broker_that_keeps_silent_is_spoken_to_in_the_other_version(
    silent: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MQTT 5 first, then 3.1.1 at once, and 5 again after a while: it may have been starting."""
    monkeypatch.setattr("edge_agent.fleet.broker._CONNACK_S", 1.0)
    attempts = Attempts(silent, Random(1))
    spoken, waits_s = [], []
    for _ in range(3):
        spoken.append(attempts.version)
        with pytest.raises(BrokerError, match="does not answer") as error:
            Link(silent, version=attempts.version, client_id="ingest").open()
        waits_s.append(attempts.failed(error.value))
    assert spoken == ["5", "3.1.1", "5"]
    assert waits_s[0] == waits_s[2] == 0.0 < waits_s[1]
