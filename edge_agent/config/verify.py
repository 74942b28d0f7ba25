"""Whether the files that a configuration names are there and good, and what is legal but seldom meant."""

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from edge_agent.config.certificate import Certificate, certificates
from edge_agent.config.document import Document, read_document
from edge_agent.config.load import load_document
from edge_agent.config.problem import ConfigError, Problem
from edge_agent.config.rules import Location
from edge_agent.config.schema import BrokerConfig, CameraConfig, Config

_MAX_BYTES: Final = 1024 * 1024
_MAX_SECRET_BYTES: Final = 4096
_RENEW_WITHIN: Final = timedelta(days=30)


BundleProblem = Callable[[str, Path], str | None]
"""Takes a bundle's name and the folder that a relative path begins at; says in a line why it cannot be used."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A configuration that can be used as it is, and what its author should know."""

    config: Config
    warnings: tuple[Problem, ...]


def verify(path: Path, *, now_s: float | None, bundle_problem: BundleProblem | None = None) -> Verified:
    """Read a configuration as `load` does, and look at the files that it names.

    Args:
        path: the configuration file.
        now_s: UTC, to judge certificates by; None leaves their dates alone, as a device must that boots in the past.
        bundle_problem: looks at the bundle that reads faces, where a camera needs it; None leaves it alone.

    Raises:
        ConfigError: the configuration or a file that it names cannot be used; one line per error.
    """
    document = read_document(path)
    config = load_document(document)
    now = None if now_s is None else datetime.fromtimestamp(now_s, UTC)
    check = _Check(document)
    _check_broker(check, config, now)
    for i, camera in enumerate(config.camera):
        _check_camera(check, camera, i)
    _check_demographics(check, config, bundle_problem)
    _check_rest(check, config)
    if check.problems:
        raise ConfigError(check.problems)
    return Verified(config, tuple(sorted(check.warnings, key=lambda warning: warning.line or 0)))


class _Check:
    """Collects what is wrong and what is odd in one document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def wrong(self, location: Location, what: str, fix: str) -> None:
        self.problems.append(self.document.problem(location, what, fix))

    def warn(self, location: Location, what: str, fix: str) -> None:
        is_table = isinstance(self.document.value(location), dict)
        self.warnings.append(self.document.problem(location, what, fix, missing=is_table))

    def text_of(self, location: Location, path: Path) -> str | None:
        """The text of a named file; None, and a problem, where it cannot be had."""
        fix = "a relative path begins at the folder of this configuration"
        try:
            with path.open("rb") as file:
                text = file.read(_MAX_BYTES + 1).decode("utf-8")
        except FileNotFoundError:
            self.wrong(location, "no such file", fix)
        except IsADirectoryError:
            self.wrong(location, "a folder, not a file", "name the file in it")
        except PermissionError:
            self.wrong(location, "may not be read by this user", "check its owner and mode")
        except UnicodeDecodeError:
            self.wrong(location, "not a text in UTF-8", "check that it is the right file")
        except OSError as error:
            self.wrong(location, f"cannot be read ({error.strerror or 'input/output error'})", fix)
        else:
            return text
        return None

    def secret_of(self, location: Location, path: Path) -> str | None:
        """The text of a file that nobody else should be able to read."""
        text = self.text_of(location, path)
        if text is not None and (mode := path.stat().st_mode & 0o777) & 0o077:
            self.warn(location, f"its mode {mode:04o} lets others on this machine read the secret", "chmod 600")
        return text


def _check_broker(check: _Check, config: Config, now: datetime | None) -> None:
    broker = config.broker
    if broker.password_file is not None:
        _check_secret_line(check, ("broker", "password_file"), broker.password_file, "the password")
    if broker.ca_file is not None:
        _check_authority(check, broker.ca_file, now)
    if broker.cert_file is not None and broker.key_file is not None:
        _check_identity(check, broker.cert_file, broker.key_file, config.site.device, now)
    if not broker.tls and not _is_here(broker):
        fix = "use mqtts:// unless nobody else is on this network"
        check.warn(("broker", "url"), "counts and password travel unencrypted", fix)


def _is_here(broker: BrokerConfig) -> bool:
    try:
        return ip_address(broker.host).is_loopback
    except ValueError:
        return broker.host == "localhost"


def _check_secret_line(check: _Check, location: Location, path: Path, what: str) -> None:
    text = check.secret_of(location, path)
    if text is None:
        return
    fix = f"write {what} into it, in one line, and nothing else"
    if not text.strip():
        check.wrong(location, "the file is empty", fix)
    elif len(text.splitlines()) > 1 or len(text) > _MAX_SECRET_BYTES:
        check.wrong(location, "the file holds more than one line", fix)
    elif location[-1] == "credentials_file" and ":" not in text:
        check.wrong(location, "the file holds no ':' between user and password", fix)


def _check_authority(check: _Check, path: Path, now: datetime | None) -> None:
    location = ("broker", "ca_file")
    found = _certificates(check, location, path)
    if found and now is not None and not any(c.begins <= now <= c.ends for c in found):
        _check_dates(check, location, max(found, key=lambda certificate: certificate.ends), now)


def _check_identity(check: _Check, cert: Path, key: Path, device: str, now: datetime | None) -> None:
    location = ("broker", "cert_file")
    found = _certificates(check, location, cert)
    if _is_private_key(check, key) and found:
        _check_pair(check, cert, key)
    if found and now is not None:
        _check_dates(check, location, found[0], now)
    if found and found[0].common_name != device:
        what = f"its CN is '{found[0].common_name}', not site.device '{device}'"
        check.warn(location, what, "a broker that goes by the CN will refuse this device's topics")


def _certificates(check: _Check, location: Location, path: Path) -> list[Certificate]:
    text = check.text_of(location, path)
    if text is None:
        return []
    try:
        found = certificates(text)
    except ValueError:
        found = []
    if not found:
        check.wrong(location, "holds no certificate in PEM form", "check that it is the right file")
    return found


def _is_private_key(check: _Check, path: Path) -> bool:
    location = ("broker", "key_file")
    text = check.secret_of(location, path)
    if text is None:
        return False
    if "PRIVATE KEY-----" not in text:
        check.wrong(location, "holds no private key in PEM form", "check that it is the right file")
        return False
    if "ENCRYPTED" in text:
        check.wrong(location, "the key is encrypted, and nobody is there to type the password", "store it unencrypted")
        return False
    return True


def _check_pair(check: _Check, cert: Path, key: Path) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(cert, key)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            check.wrong(("broker", "key_file"), "does not belong to cert_file", "give the pair that was made together")
        else:
            what = f"OpenSSL refuses it with cert_file ({error.reason or 'unknown reason'})"
            check.wrong(("broker", "key_file"), what, "make the pair again")


def _check_dates(check: _Check, location: Location, certificate: Certificate, now: datetime) -> None:
    today = f"and by this machine's clock it is {now:%Y-%m-%d %H:%M} UTC"
    if now < certificate.begins:
        check.wrong(location, f"not valid before {certificate.begins:%Y-%m-%d %H:%M} UTC, {today}", "set the clock")
    elif now > certificate.ends:
        check.wrong(location, f"expired on {certificate.ends:%Y-%m-%d %H:%M} UTC, {today}", "renew it or set the clock")
    elif certificate.ends - now < _RENEW_WITHIN:
        check.warn(location, f"expires on {certificate.ends:%Y-%m-%d}", "renew it")


def _check_camera(check: _Check, camera: CameraConfig, i: int) -> None:
    here: Location = ("camera", i)
    if camera.credentials_file is not None:
        _check_secret_line(check, (*here, "credentials_file"), camera.credentials_file, "'user:password'")
    looked = list(_places(camera.source, check.document.path.absolute().parent))
    if looked and not any(_exists(place) for place in looked):
        check.warn((*here, "source"), "no such file or device", "fine for `replay CLIP`, which brings its own")
    if not camera.line and not camera.zone:
        check.warn(here, "has neither a line nor a zone", "nothing is counted there; add one")


def _check_demographics(check: _Check, config: Config, bundle_problem: BundleProblem | None) -> None:
    reading = [i for i, camera in enumerate(config.camera) if camera.demographics]
    for i in reading:
        if config.camera[i].notice_date is None:
            what = "visitors are read, and nothing says since when the notice has been up"
            check.warn(("camera", i, "demographics"), what, "put it up, and add notice_date = YYYY-MM-DD")
    if not reading or bundle_problem is None:
        return
    location: Location = ("demographics", "bundle")
    if check.document.value(location) is None:
        location = ("camera", reading[0], "demographics")
    problem = bundle_problem(config.demographics.bundle, check.document.path.absolute().parent)
    if problem is not None:
        what, _, fix = problem.rpartition("; ")
        check.wrong(location, what, fix)


def _places(source: str, folder: Path) -> Iterator[Path]:
    """Where a source that is a path is looked for; nowhere if it is an address, a command or a camera's number."""
    if "://" not in source and not source.startswith(("exec:", "synthetic:")) and not source.isdecimal():
        yield folder / source
        yield Path(source)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder that this user may not enter, or a name that is too long
        return False


def _check_rest(check: _Check, config: Config) -> None:
    folder, hours = config.storage.folder, config.site.opening_hours
    if folder is not None and _exists(folder) and not folder.is_dir():
        check.wrong(("storage", "folder"), "a file, not a folder", "name a folder")
    if hours is not None and not any((hours.mon, hours.tue, hours.wed, hours.thu, hours.fri, hours.sat, hours.sun)):
        check.warn(("site", "opening_hours"), "no day has hours", "the shop would never be open; leave the table out")
    if check.document.has_bom:
        check.warn((), "the file begins with a byte order mark", "save it as UTF-8 without one for other readers")
