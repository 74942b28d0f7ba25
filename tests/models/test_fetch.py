"""Downloads: whatever the server does, the result is the wanted file or one line that says what went wrong."""

import fcntl
import hashlib
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.publisher import Fault, Publisher

from edge_agent.detector.fetch import FetchError, Wanted, copy_in, fetch, require_safe

CONTENT = b"".join(hashlib.sha256(str(n).encode()).digest() for n in range(8192))  # 256 kB that nothing repeats in
HALF = len(CONTENT) // 2


def wanted_of(content: bytes) -> Wanted:
    return Wanted(hashlib.sha256(content).hexdigest(), len(content))


WANTED = wanted_of(CONTENT)


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with Publisher({"/net.onnx": CONTENT}) as server:
        yield server


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "net.onnx.part"


def get(publisher: Publisher, part: Path, wanted: Wanted = WANTED, path: str = "/net.onnx") -> None:
    fetch(publisher.url(path), part, wanted, timeout_s=5.0, attempts=3, pause_s=0.0)


def test_a_download_is_the_file(publisher: Publisher, part: Path) -> None:
    """An undisturbed download asks once and yields the very bytes."""
    get(publisher, part)
    assert part.read_bytes() == CONTENT
    assert publisher.asked == [""]


def test_progress_ends_at_the_size(publisher: Publisher, part: Path) -> None:
    """The bar is told a rising number of bytes whose last is the whole file."""
    seen: list[int] = []
    fetch(publisher.url("/net.onnx"), part, WANTED, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == len(CONTENT)


def test_a_dropped_line_is_taken_up_where_it_broke(publisher: Publisher, part: Path) -> None:
    """After a cut in the middle only the missing bytes are asked for."""
    publisher.drops = [HALF]
    get(publisher, part)
    assert part.read_bytes() == CONTENT
    assert publisher.asked == ["", f"bytes={HALF}-"]


def test_a_later_command_resumes_an_earlier_one(publisher: Publisher, part: Path) -> None:
    """What an interrupted command left behind is not fetched again."""
    publisher.drops = [HALF, 0, 0]
    with pytest.raises(FetchError, match=f"interrupted at {HALF} of {len(CONTENT)} bytes: .* to resume"):
        get(publisher, part)
    assert part.read_bytes() == CONTENT[:HALF]
    get(publisher, part)
    assert part.read_bytes() == CONTENT
    assert publisher.asked[-1] == f"bytes={HALF}-"


def test_progress_earns_new_attempts(publisher: Publisher, part: Path) -> None:
    """Only attempts that bring nothing are counted: a bad line that moves on at all gets there."""
    publisher.drops = [len(CONTENT) // 10] * 9
    get(publisher, part)
    assert part.read_bytes() == CONTENT
    assert len(publisher.asked) == 10


@pytest.mark.parametrize("fault", [Fault.NO_RANGE, Fault.RANGE_REFUSED, Fault.WRONG_RANGE])
def test_a_server_that_cannot_resume_sends_all_again(publisher: Publisher, part: Path, fault: Fault) -> None:
    """Servers that ignore Range, refuse it or answer with another part cost time, never the file."""
    part.write_bytes(CONTENT[:HALF])
    publisher.fault = fault
    get(publisher, part)
    assert part.read_bytes() == CONTENT
    assert publisher.asked[0] == f"bytes={HALF}-"


def test_the_rest_of_another_file_is_thrown_away(publisher: Publisher, part: Path) -> None:
    """A partial file that turns out to belong to something else is replaced, not kept and not believed."""
    part.write_bytes(bytes(HALF))
    get(publisher, part)
    assert part.read_bytes() == CONTENT


def test_a_rest_that_is_too_long_is_thrown_away(publisher: Publisher, part: Path) -> None:
    """A partial file longer than the whole cannot be its beginning."""
    part.write_bytes(bytes(len(CONTENT) + 1))
    get(publisher, part)
    assert part.read_bytes() == CONTENT
    assert publisher.asked == [""]


def test_a_complete_rest_needs_no_server(publisher: Publisher, part: Path) -> None:
    """If the power went after the last byte, verifying is all that is left to do."""
    part.write_bytes(CONTENT)
    get(publisher, part)
    assert publisher.asked == []


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Fault.WRONG_BYTES, "its SHA-256 is .* nothing was installed"),
        (Fault.LONGER, f"it has {len(CONTENT) + 4} bytes, the card says {len(CONTENT)}; nothing was installed"),
        (Fault.SHORTER, f"it has {len(CONTENT) - 1} bytes, the card says {len(CONTENT)}; nothing was installed"),
        (Fault.ENDLESS, "sends more than the .* nothing was installed"),
        (Fault.MISSING, "404 Not Found; give another address with --url or a file with --from"),
    ],
)
def test_another_file_is_refused_at_once(publisher: Publisher, part: Path, fault: Fault, says: str) -> None:
    """What would end the same way each time is one request and one line, and leaves no byte that could be loaded."""
    publisher.fault = fault
    with pytest.raises(FetchError, match=says) as caught:
        get(publisher, part)
    assert "\n" not in str(caught.value)
    assert len(publisher.asked) == 1
    assert not part.exists() or part.read_bytes() == b""


def test_a_busy_server_is_asked_again(publisher: Publisher, part: Path) -> None:
    """503 means later, not never."""
    publisher.fault, publisher.drops = Fault.BUSY, [0, 0]
    get(publisher, part)
    assert part.read_bytes() == CONTENT


def test_a_server_that_stays_busy_is_given_up(publisher: Publisher, part: Path) -> None:
    """The number of fruitless attempts is bounded, and the line says what the server answered."""
    publisher.fault, publisher.drops = Fault.BUSY, [0] * 10
    with pytest.raises(FetchError, match="cannot be had: the server answered 503"):
        get(publisher, part)
    assert len(publisher.asked) == 3


def test_a_silent_server_does_not_hold_us(publisher: Publisher, part: Path) -> None:
    """A server that falls silent in the middle is left after the time-out; what came is kept."""
    publisher.fault = Fault.STALL
    with pytest.raises(FetchError, match=r"interrupted at .* no answer within the time allowed"):
        fetch(publisher.url("/net.onnx"), part, WANTED, timeout_s=0.2, attempts=1, pause_s=0.0)
    assert part.read_bytes() == CONTENT[:HALF]


def test_nobody_there_is_said_in_one_line(part: Path) -> None:
    """A refused connection names the address and the way without internet."""
    with Publisher({}) as gone:
        url = gone.url("/net.onnx")
    with pytest.raises(FetchError, match=r"cannot be had: Connection refused; .*--from"):
        fetch(url, part, WANTED, attempts=2, pause_s=0.0)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/net.onnx",
        "ftp://example.com/net.onnx",
        "file:///etc/hostname",
        "net.onnx",
        "https://",
        "https://example.com:port/",
        "http://127.0.0.1.example.com/",
        "https://me:hunter2@example.com/net.onnx",
    ],
)
def test_unsafe_addresses_are_refused(url: str) -> None:
    """Only https, or plain http to this machine; credentials in an address are neither used nor shown."""
    with pytest.raises(FetchError) as caught:
        require_safe(url)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["https://example.com/a", "http://localhost:8/a", "http://127.9.9.9/", "http://[::1]/a"]
)
def test_safe_addresses_pass(url: str) -> None:
    """Https anywhere, and http where it cannot leave the machine."""
    require_safe(url)


def test_a_redirect_cannot_leave_safety(publisher: Publisher, part: Path) -> None:
    """A server may not send us to plain http on the internet."""
    publisher.fault = Fault.ELSEWHERE
    with pytest.raises(FetchError, match=r"/net\.onnx: sends us to http://example\.com/file, which is not https"):
        get(publisher, part)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command")
def test_an_untrusted_certificate_is_final(tmp_path: Path, part: Path) -> None:
    """A server that cannot prove who it is gets one line about certificate and clock, and no second attempt."""
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", *subject]
    subprocess.run([*made, "-keyout", key, "-out", cert], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with Publisher({"/net.onnx": CONTENT}, tls=context) as server:
        with pytest.raises(FetchError, match=r"certificate is not trusted: .*; check this device's clock"):
            get(server, part)
        assert server.asked == []


def test_a_token_in_the_address_is_not_shown(publisher: Publisher, part: Path) -> None:
    """What follows the '?' of a signed address stays out of errors."""
    with pytest.raises(FetchError, match="404") as caught:
        get(publisher, part, path="/gone?token=hunter2")
    assert "hunter2" not in str(caught.value)


def test_two_commands_do_not_write_one_file(publisher: Publisher, part: Path) -> None:
    """While one command writes the partial file, a second one says so and leaves it alone."""
    part.write_bytes(CONTENT[:HALF])
    with part.open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(FetchError, match="another command is writing it"):
            get(publisher, part)
    assert part.read_bytes() == CONTENT[:HALF]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(min_size=1, max_size=5000),
    rest=st.integers(0, 5000),
    drops=st.lists(st.integers(1, 2000), max_size=4),
    fault=st.sampled_from([Fault.NONE, Fault.NO_RANGE, Fault.RANGE_REFUSED, Fault.WRONG_RANGE]),
)
def test_any_interruption_ends_in_the_file(  # noqa: PLR0917 - hypothesis fills them by name
    publisher: Publisher, part: Path, content: bytes, rest: int, drops: list[int], fault: Fault
) -> None:
    """Wherever attempts stop, wherever the line breaks, however ranges are answered: the file or an error."""
    publisher.files["/net.onnx"], publisher.drops, publisher.fault = content, drops, fault
    part.write_bytes(content[:rest])
    try:
        get(publisher, part, wanted_of(content))
    except FetchError as error:
        assert "resume" in str(error) or "cannot be had" in str(error)  # noqa: PT017 - both outcomes are right
        assert content.startswith(part.read_bytes())
        return
    assert part.read_bytes() == content


def test_a_carried_file_is_verified_like_a_download(tmp_path: Path, part: Path) -> None:
    """--from takes the wanted bytes, and nothing else."""
    source = tmp_path / "stick.onnx"
    source.write_bytes(CONTENT)
    copy_in(source, part, WANTED)
    assert part.read_bytes() == CONTENT
    part.unlink()
    for other, says in ((CONTENT[:-1], "bytes, the card says"), (bytes(len(CONTENT)), "SHA-256")):
        source.write_bytes(other)
        with pytest.raises(FetchError, match=says):
            copy_in(source, part, WANTED)
        assert not part.exists()


def test_a_carried_file_that_is_not_there_is_said(tmp_path: Path, part: Path) -> None:
    """A missing source is one line with its name."""
    with pytest.raises(FetchError, match=r"stick\.onnx: cannot be read: No such file"):
        copy_in(tmp_path / "stick.onnx", part, WANTED)
