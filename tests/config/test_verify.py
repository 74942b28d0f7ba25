"""The files that a configuration names: there, readable, valid, belonging together; and what is only odd."""

import re
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_agent.config import Config, ConfigError, verify
from edge_agent.config.certificate import certificates

DAY_S = 86400.0
OpenSsl = Callable[..., None]


@pytest.fixture
def tls(tmp_path: Path, minimal: str, openssl: OpenSsl) -> Path:
    """A configuration for TLS whose authority, certificate and key are good for a hundred days."""
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.pem", "-days", "100", "-subj", "/CN=authority")
    openssl("req", *curve, "-keyout", "key.pem", "-out", "request.pem", "-subj", "/O=demo/CN=door-1")
    signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", "7", "-days", "100")
    openssl("x509", "-req", "-in", "request.pem", *signed, "-out", "cert.pem")
    (tmp_path / "key.pem").chmod(0o600)
    (tmp_path / "clip.mp4").touch()
    names = 'ca_file = "ca.pem"\ncert_file = "cert.pem"\nkey_file = "key.pem"\n'
    path = tmp_path / "store.toml"
    text = minimal.replace("mqtt://127.0.0.1:1883", "mqtts://broker.example").replace(
        "\n\n[[camera]]", f"\n{names}[[camera]]"
    )
    path.write_text(text + '[[camera.zone]]\nname = "z"\npolygon = [[0, 0], [1, 0], [1, 1]]\n')
    return path


def moment(pem: Path) -> float:
    """Fifty days into the validity of a certificate, in UTC seconds."""
    return certificates(pem.read_text())[0].begins.timestamp() + 50 * DAY_S


def refused(path: Path, now_s: float | None = None) -> list[str]:
    """The error lines of a configuration, without the name of the file."""
    with pytest.raises(ConfigError) as caught:
        verify(path, now_s=now_s)
    return [line.removeprefix(f"{path}:") for line in str(caught.value).split("\n")]


def warned(path: Path, now_s: float | None = None) -> list[str]:
    """The warnings of a configuration, without the name of the file."""
    return [str(warning).removeprefix(f"{path}:") for warning in verify(path, now_s=now_s).warnings]


def test_good_certificates_pass_in_silence(tls: Path) -> None:
    """A pair that belongs together, signed for this device and valid, is neither refused nor warned about."""
    verified = verify(tls, now_s=moment(tls.parent / "cert.pem"))
    assert isinstance(verified.config, Config)
    assert verified.warnings == ()


def test_a_certificate_that_ends_within_a_month_is_warned_about(tls: Path) -> None:
    """There is time to renew it before the device falls silent."""
    now_s = moment(tls.parent / "cert.pem") + 30 * DAY_S
    (line,) = warned(tls, now_s)
    assert re.fullmatch(r'10: broker.cert_file: "cert.pem": expires on \d{4}-\d\d-\d\d; renew it', line)


def test_what_openssl_says_of_a_certificate_is_what_we_read(tls: Path, openssl: OpenSsl) -> None:
    """Name and dates agree with the openssl command, also where the year needs four digits, as from 2050 on."""
    folder = tls.parent
    openssl("x509", "-in", "request.pem", "-req", "-signkey", "key.pem", "-days", "20000", "-out", "long.pem")
    for name in ("cert.pem", "long.pem"):
        openssl("x509", "-in", name, "-noout", "-dates", "-out", "dates")
        begins, ends = re.findall(r"=(.*)", (folder / "dates").read_text())
        (certificate,) = certificates((folder / name).read_text())
        assert certificate.common_name == "door-1"
        assert certificate.begins.timestamp() == ssl.cert_time_to_seconds(begins)
        assert certificate.ends.timestamp() == ssl.cert_time_to_seconds(ends)
    assert certificate.ends.year > 2049


def test_a_certificate_cut_short_is_not_one(tls: Path) -> None:
    """Every prefix of a certificate up to its subject's end is refused with a ValueError, never another error."""
    der = ssl.PEM_cert_to_DER_cert((tls.parent / "cert.pem").read_text())
    for length in range(len(der)):
        with pytest.raises(ValueError, match="not a certificate"):
            certificates(ssl.DER_cert_to_PEM_cert(der[:length]))


@pytest.mark.parametrize(
    ("days", "wrong", "fix"),
    [(60, "expired on", "renew it or set the clock"), (-60, "not valid before", "set the clock")],
)
def test_a_certificate_out_of_its_time_is_refused(tls: Path, days: int, wrong: str, fix: str) -> None:
    """Authority and certificate are refused after their last day and before their first, with both dates."""
    moments = r"\d{4}-\d\d-\d\d \d\d:\d\d UTC, and by this machine's clock it is \d{4}-\d\d-\d\d \d\d:\d\d UTC"
    ca, cert = refused(tls, moment(tls.parent / "cert.pem") + days * DAY_S)
    assert re.fullmatch(f'9: broker.ca_file: "ca.pem": {wrong} {moments}; {fix}', ca)
    assert re.fullmatch(f'10: broker.cert_file: "cert.pem": {wrong} {moments}; {fix}', cert)


def test_dates_are_left_alone_without_a_clock(tls: Path) -> None:
    """A device that boots in the past must not refuse its certificates."""
    assert warned(tls) == []


def test_an_authority_is_good_while_one_of_its_certificates_is(tls: Path) -> None:
    """A bundle may still carry the authority's former certificate."""
    folder = tls.parent
    der = ssl.PEM_cert_to_DER_cert((folder / "ca.pem").read_text())
    dates = re.findall(rb"\d{12}Z", der)
    former = der.replace(dates[0], b"200101000000Z").replace(dates[1], b"210101000000Z")
    good, now_s = (folder / "ca.pem").read_text(), moment(folder / "cert.pem")
    (folder / "ca.pem").write_text(ssl.DER_cert_to_PEM_cert(former) + good)
    assert verify(tls, now_s=now_s)
    (folder / "ca.pem").write_text(ssl.DER_cert_to_PEM_cert(former))
    assert [line.partition(" UTC")[0] for line in refused(tls, now_s)] == [
        '9: broker.ca_file: "ca.pem": expired on 2021-01-01 00:00'
    ]


def test_a_key_of_another_certificate_is_refused(tls: Path, openssl: OpenSsl) -> None:
    """OpenSSL compares the certificate with the key."""
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "key.pem")
    (tls.parent / "key.pem").chmod(0o600)
    assert refused(tls) == ["11: broker.key_file: does not belong to cert_file; give the pair that was made together"]


def test_an_encrypted_key_is_refused_without_asking_for_its_password(tls: Path, openssl: OpenSsl) -> None:
    """Nobody sits at the device to type it, and OpenSSL would wait."""
    openssl("pkey", "-in", "key.pem", "-aes256", "-passout", "pass:CANARY", "-out", "locked.pem")
    (tls.parent / "locked.pem").replace(tls.parent / "key.pem")
    assert refused(tls) == [
        "11: broker.key_file: the key is encrypted, and nobody is there to type the password; store it unencrypted"
    ]


def test_files_that_hold_something_else_are_refused(tls: Path) -> None:
    """A certificate for a key, a key for a certificate, and a text for an authority are each named."""
    folder = tls.parent
    (folder / "ca.pem").write_text("hello")
    key, cert = folder / "key.pem", folder / "cert.pem"
    key_text = key.read_text()
    key.write_text(cert.read_text())
    cert.write_text(key_text)
    assert refused(tls) == [
        '9: broker.ca_file: "ca.pem": holds no certificate in PEM form; check that it is the right file',
        '10: broker.cert_file: "cert.pem": holds no certificate in PEM form; check that it is the right file',
        "11: broker.key_file: holds no private key in PEM form; check that it is the right file",
    ]


def test_a_damaged_key_is_refused(tls: Path) -> None:
    """What looks like a key and is none is refused without a word of its content."""
    key = tls.parent / "key.pem"
    lines = key.read_text().splitlines()
    key.write_text("\n".join([lines[0], "CANARY" + lines[1][6:], *lines[2:]]))
    (line,) = refused(tls)
    assert re.fullmatch(
        r"11: broker.key_file: OpenSSL refuses it with cert_file \([A-Z0-9_a-z ]+\); make the pair again", line
    )


def test_a_certificate_for_another_device_is_warned_about(tls: Path) -> None:
    """Brokers that take the CN for the user would refuse what this device publishes."""
    tls.write_text(tls.read_text().replace('"door-1"', '"door-2"'))
    (line,) = warned(tls)
    assert line == (
        "10: broker.cert_file: \"cert.pem\": its CN is 'door-1', not site.device 'door-2'; "
        "a broker that goes by the CN will refuse this device's topics"
    )


def test_files_that_cannot_be_read_are_refused(tls: Path) -> None:
    """Missing files, folders and binary files are told apart; the path of a secret is not repeated."""
    folder = tls.parent
    (folder / "ca.pem").unlink()
    (folder / "ca.pem").mkdir()
    (folder / "cert.pem").write_bytes(b"\x30\x82\xff")
    (folder / "key.pem").unlink()
    assert refused(tls) == [
        '9: broker.ca_file: "ca.pem": a folder, not a file; name the file in it',
        '10: broker.cert_file: "cert.pem": not a text in UTF-8; check that it is the right file',
        "11: broker.key_file: no such file; a relative path begins at the folder of this configuration",
    ]


_REMEDY = "write the password into it, in one line, and nothing else"
SECRETS = {
    "empty": (b" \n", f"the file is empty; {_REMEDY}"),
    "two lines": (b"CANARY\nCANARY\n", f"the file holds more than one line; {_REMEDY}"),
    "too long": (b"CANARY" * 1000, f"the file holds more than one line; {_REMEDY}"),
    "binary": (b"\xffCANARY", "not a text in UTF-8; check that it is the right file"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "says"), SECRETS.values(), ids=SECRETS.keys())
def test_a_password_file_holds_one_line(write: Callable[[str], Path], minimal: str, content: bytes, says: str) -> None:
    """What is wrong with the file is said; what is in it is not."""
    path = write(minimal.replace("[broker]", '[broker]\nusername = "u"\npassword_file = "secret"'))
    secret = path.parent / "secret"
    secret.write_bytes(content)
    secret.chmod(0o600)
    assert refused(path) == [f"9: broker.password_file: {says}"]


def test_credentials_of_a_camera_are_a_pair(write: Callable[[str], Path], minimal: str) -> None:
    """A file without a colon is refused, one with a colon passes."""
    path = write(minimal + 'credentials_file = "login"\n')
    login = path.parent / "login"
    login.write_text("CANARY\n")
    login.chmod(0o600)
    (line,) = refused(path)
    assert line == (
        "13: camera[0].credentials_file: the file holds no ':' between user and password; "
        "write 'user:password' into it, in one line, and nothing else"
    )
    login.write_text("user:CANARY\n")
    assert "credentials" not in str(warned(path))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_secret_that_others_can_read_is_warned_about(write: Callable[[str], Path], minimal: str, mode: int) -> None:
    """Group and others are both somebody else."""
    path = write(minimal + 'credentials_file = "login"\n')
    (path.parent / "login").write_text("user:CANARY\n")
    (path.parent / "login").chmod(mode)
    assert warned(path)[-1] == (
        f"13: camera[0].credentials_file: its mode {mode:04o} lets others on this machine read the secret; chmod 600"
    )


def test_what_is_legal_but_seldom_meant_is_warned_about(write: Callable[[str], Path], minimal: str) -> None:
    """A missing source, nothing to count, no encryption, never open and a byte order mark are no errors."""
    path = write("\ufeff" + minimal.replace("127.0.0.1", "broker.example") + "[site.opening_hours]\n")
    open_air = "counts and password travel unencrypted; use mqtts:// unless nobody else is on this network"
    nowhere = "no such file or device; fine for `replay CLIP`, which brings its own"
    assert warned(path) == [
        "1: the file begins with a byte order mark; save it as UTF-8 without one for other readers",
        f'8: broker.url: "mqtt://broker.example:1883": {open_air}',
        "10: camera[0]: has neither a line nor a zone; nothing is counted there; add one",
        f'12: camera[0].source: "clip.mp4": {nowhere}',
        "13: site.opening_hours: no day has hours; the shop would never be open; leave the table out",
    ]


@pytest.mark.parametrize("source", ["rtsp://10.0.0.9/1", "exec:cat", "0", "/dev/null", "store.toml"])
def test_a_source_that_is_no_missing_path_is_not_warned_about(
    write: Callable[[str], Path], minimal: str, source: str
) -> None:
    """Addresses, commands, numbers of cameras and paths that exist are left to the camera."""
    path = write(minimal.replace("clip.mp4", source) + "width = 100\nheight = 100\n")
    assert not any("source" in line for line in warned(path))


def test_a_source_that_cannot_even_be_looked_for_is_missing(write: Callable[[str], Path], minimal: str) -> None:
    """A name longer than the file system allows is a warning like any other missing file."""
    path = write(minimal.replace("clip.mp4", "x" * 300))
    assert any("no such file or device" in line for line in warned(path))


def test_a_storage_folder_that_is_a_file_is_refused(write: Callable[[str], Path], minimal: str) -> None:
    """The outbox would fail at its first row."""
    path = write(minimal + '[storage]\nfolder = "store.toml"\n')
    assert refused(path) == ['14: storage.folder: "store.toml": a file, not a folder; name a folder']


def test_dates_of_the_last_century_are_read(tls: Path) -> None:
    """Two digits of a year from 50 on mean 19xx (RFC 5280)."""
    der = ssl.PEM_cert_to_DER_cert((tls.parent / "cert.pem").read_text())
    begins = re.findall(rb"\d{12}Z", der)[0]
    (old,) = certificates(ssl.DER_cert_to_PEM_cert(der.replace(begins, b"500101000000Z", 1)))
    assert old.begins == datetime(1950, 1, 1, tzinfo=UTC)
