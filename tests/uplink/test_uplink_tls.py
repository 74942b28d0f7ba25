"""TLS, certificates, logins and rights, against a real Mosquitto: each mistake is one line that says what to do."""

import logging
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client
from support.broker import Broker, Certificates, Listener, free_port, until
from support.needs import needs
from support.uplink_rig import BASE, Rig, delivered


def tls_config(port: int, certificates: Certificates, server: str = "broker", extra: str = "") -> str:
    return (
        f"listener {port} 127.0.0.1\ncafile {certificates.path('ca.crt')}\n"
        f"certfile {certificates.path(server + '.crt')}\nkeyfile {certificates.path(server + '.key')}\n"
        f"{extra or 'allow_anonymous true'}\n"
    )


@contextmanager
def tls_broker(tmp_path: Path, certificates: Certificates, server: str = "broker", extra: str = "") -> Iterator[Broker]:
    port = free_port()
    with Broker(tmp_path / "broker", tls_config(port, certificates, server, extra), port=port) as broker:
        yield broker


def tls_settings(broker: Broker, certificates: Certificates, **more: Any) -> dict[str, Any]:
    return {"url": f"mqtts://localhost:{broker.port}", "ca_file": certificates.path("ca.crt"), **more}


def with_certificate(certificates: Certificates, name: str = "device") -> dict[str, Any]:
    return {"cert_file": certificates.path(f"{name}.crt"), "key_file": certificates.path(f"{name}.key")}


def as_client(certificates: Certificates, name: str) -> Callable[[Client], object]:
    certificate, key = (str(certificates.path(f"{name}.{end}")) for end in ("crt", "key"))
    return lambda client: client.tls_set(str(certificates.path("ca.crt")), certificate, key)


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.name.startswith("edge_agent") and r.levelno >= logging.WARNING]


def assert_one_complaint(
    folder: Path, settings: dict[str, Any], caplog: pytest.LogCaptureFixture, expected: str
) -> None:
    """The uplink tries on, says its trouble once in one line, keeps its rows, and stops when told to."""
    rig = Rig(folder, settings)
    pauses: list[float] = []
    rig.uplink._backoff.next_s = lambda: pauses.append(0.01) or 0.01  # type: ignore[method-assign,func-returns-value]
    rig.add("kept")
    with rig:
        until(lambda: len(pauses) >= 4)
        assert not rig.uplink.connected
        assert rig.outbox.stats().unsent == 1
    assert rig.crashes == []
    (line,) = complaints(caplog)
    assert expected in line
    assert "\n" not in line


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_everything_arrives_over_tls(tmp_path: Path, certificates: Certificates, protocol: str) -> None:
    """With the authority's file alone the broker is verified and the rows arrive."""
    extra = f"allow_anonymous true\nlistener {(plain := free_port())} 127.0.0.1"
    with (
        tls_broker(tmp_path, certificates, extra=extra) as broker,
        Listener(plain) as listener,
        Rig(tmp_path, tls_settings(broker, certificates, protocol=protocol)) as rig,
    ):
        rig.add(*range(200), padding=2000)
        rig.wait_drained()
        until(lambda: len(listener.payloads("counts")) == 200)
        assert delivered(listener.payloads("counts")) == list(range(200))


MUTUAL = "require_certificate true\nuse_identity_as_username true\nallow_anonymous false"


def test_everything_arrives_with_a_client_certificate(tmp_path: Path, certificates: Certificates) -> None:
    """A broker that wants to know who we are gets the certificate."""
    with tls_broker(tmp_path, certificates, extra=MUTUAL) as broker:
        with Rig(tmp_path, tls_settings(broker, certificates, **with_certificate(certificates))) as rig:
            rig.add(*range(5))
            rig.wait_drained()
        assert any("u'door-1'" in line for line in broker.log), "the broker knows us by the CN"


def test_no_client_certificate(tmp_path: Path, certificates: Certificates, caplog: pytest.LogCaptureFixture) -> None:
    """Without the certificate that the broker asks for, the log says which setting is missing."""
    with tls_broker(tmp_path, certificates, extra=MUTUAL) as broker:
        settings = tls_settings(broker, certificates)
        assert_one_complaint(tmp_path, settings, caplog, "set broker.cert_file and broker.key_file")


def test_an_expired_client_certificate(
    tmp_path: Path, certificates: Certificates, caplog: pytest.LogCaptureFixture
) -> None:
    """A device that was not renewed says so itself."""
    certificates.device("late", days=-1, cn="door-1")
    with tls_broker(tmp_path, certificates, extra=MUTUAL) as broker:
        settings = tls_settings(broker, certificates, **with_certificate(certificates, "late"))
        assert_one_complaint(tmp_path, settings, caplog, "this device's certificate has expired; renew it")


def test_an_expired_broker(tmp_path: Path, certificates: Certificates, caplog: pytest.LogCaptureFixture) -> None:
    """An expired certificate of the broker, or a clock that is wrong: both are named."""
    certificates.server("old", days=-1)
    with tls_broker(tmp_path, certificates, "old") as broker:
        expected = "its certificate has expired; renew it on the broker, or check this device's clock"
        assert_one_complaint(tmp_path, tls_settings(broker, certificates), caplog, expected)


def test_a_broker_of_another_authority(
    tmp_path: Path,
    certificates: Certificates,
    tmp_path_factory: pytest.TempPathFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A broker that a stranger signed is not talked to."""
    strangers = Certificates(tmp_path_factory.mktemp("strangers"))
    with tls_broker(tmp_path, strangers) as broker:
        settings = tls_settings(broker, certificates, **with_certificate(certificates))
        assert_one_complaint(tmp_path, settings, caplog, "signed by an unknown authority; name the file")


def test_a_broker_of_another_name(tmp_path: Path, certificates: Certificates, caplog: pytest.LogCaptureFixture) -> None:
    """A valid certificate for another host is a rogue broker until shown otherwise."""
    certificates.server("other", host="elsewhere.example")
    with tls_broker(tmp_path, certificates, "other") as broker:
        assert_one_complaint(tmp_path, tls_settings(broker, certificates), caplog, "is for another name")


def test_tls_towards_a_plain_port(tmp_path: Path, certificates: Certificates, caplog: pytest.LogCaptureFixture) -> None:
    """mqtts:// on port 1883 is a common slip, and gets a hint."""
    with Broker(tmp_path / "broker") as broker:
        assert_one_complaint(
            tmp_path,
            tls_settings(broker, certificates),
            caplog,
            "it hung up at once; check the port, and whether it wants TLS",
        )


@pytest.mark.parametrize("setting", ["ca_file", "cert_file", "key_file", "password_file"])
@pytest.mark.parametrize("content", [None, "-----BEGIN NONSENSE-----\n\xff"])
def test_a_file_that_cannot_be_used(
    tmp_path: Path,
    certificates: Certificates,
    setting: str,
    content: str | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A missing or broken file is named with its setting, and nothing of its content is said."""
    path = tmp_path / "given.pem"
    if content is not None:
        path.write_bytes(content.encode("latin-1"))
    settings: dict[str, Any] = {
        "url": "mqtts://localhost:1",
        "ca_file": certificates.path("ca.crt"),
        "username": "x",
        **with_certificate(certificates),
        setting: path,
    }
    expected = "broker.cert_file" if setting == "key_file" else f"broker.{setting}: '{path}' cannot be used"
    assert_one_complaint(tmp_path, settings, caplog, expected)
    assert "NONSENSE" not in caplog.text


def test_an_encrypted_key_does_not_ask_on_the_terminal(
    tmp_path: Path, certificates: Certificates, caplog: pytest.LogCaptureFixture
) -> None:
    """A service has nobody to ask: a key with a passphrase is refused with a line."""
    key = tmp_path / "locked.key"
    command = [needs("openssl"), "ec", "-in", str(certificates.path("device.key")), "-aes128", "-passout", "pass:abcd"]
    subprocess.run([*command, "-out", str(key)], check=True, capture_output=True)
    settings = {
        "url": "mqtts://localhost:1",
        "ca_file": certificates.path("ca.crt"),
        "cert_file": certificates.path("device.crt"),
        "key_file": key,
    }
    assert_one_complaint(tmp_path, settings, caplog, "broker.cert_file")


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
@pytest.mark.parametrize("password", ["wrong-canary", None])
def test_a_wrong_login(tmp_path: Path, protocol: str, password: str | None, caplog: pytest.LogCaptureFixture) -> None:
    """A refused login is told once, without the password, and tried again slowly; a corrected file needs no restart."""
    passwords = tmp_path / "passwords"
    command = [needs("mosquitto_passwd"), "-b", "-c", str(passwords), "door-1", "right"]
    subprocess.run(command, check=True, capture_output=True)
    port = free_port()
    config = f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\n"
    settings: dict[str, Any] = {"url": f"mqtt://127.0.0.1:{port}", "protocol": protocol, "username": "door-1"}
    secret = tmp_path / "secret"
    secret.write_text("wrong-canary\n")
    if password is not None:
        settings["password_file"] = secret
    with Broker(tmp_path / "broker", config, port=port):
        assert_one_complaint(tmp_path, settings, caplog, "it refuses the login; check")
        assert "canary" not in caplog.text
        secret.write_text("right\n")
        if password is not None:
            with Rig(tmp_path, settings) as rig:
                rig.wait_drained()


def test_publishing_as_another_device_is_noticed(
    tmp_path: Path, certificates: Certificates, caplog: pytest.LogCaptureFixture
) -> None:
    """A certificate for door-1 that publishes as door-2 is refused by the access list, and the device knows it."""
    rights = tmp_path / "acl"
    rights.write_text("pattern readwrite footfall/v1/+/+/%u/#\n")
    with tls_broker(tmp_path, certificates, extra=f"{MUTUAL}\nacl_file {rights}") as broker:
        settings = tls_settings(broker, certificates, protocol="5", **with_certificate(certificates))
        with Rig(tmp_path, settings, base=BASE.replace("door-1", "door-2")) as rig:
            rig.add("stolen name")
            until(lambda: rig.uplink.counters.refused)
            assert "0x87" in str(rig.uplink.counters.alarm)
            assert rig.outbox.stats().unsent == 1
        assert sum("refuses messages" in line for line in complaints(caplog)) == 1
        with Rig(tmp_path, settings) as rig:
            rig.wait_drained()


def test_an_unknown_host(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A name that does not exist is one line."""
    assert_one_complaint(tmp_path, {"url": "mqtt://nowhere.invalid"}, caplog, "its name cannot be resolved")
