"""Links that a vendor hands out, over real sockets: where they lead, and how much they bring."""

import asyncio
import gzip
import json
import socketserver
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import httpx
import pytest
from limited import limited, needs_limits
from shown import voice

from voicelab.emulators.base import Fault
from voicelab.emulators.serve import serve as sandbox_of
from voicelab.engine import received
from voicelab.engine.exchange import NO_REPLY, exchange, make_client, require_whole
from voicelab.engine.links import MAX_REDIRECTS, fetched, follow, is_public
from voicelab.errors import Refused, Unreadable
from voicelab.lab import Lab
from voicelab.model import Batch, PromptVariant, TrialState
from voicelab.providers._tc3 import Credentials
from voicelab.providers.base import BearerAuth, Reply, Request
from voicelab.providers.tencent_mps import TencentMps

LIVE = "https://mps.intl.tencentcloudapi.com"
EMULATED = "http://127.0.0.1:1"
SOUND = voice(0)

Answer = Callable[["Vendor", str], Iterator[bytes]]


class Vendor(socketserver.ThreadingTCPServer):
    """A storage that answers as a test tells it to, byte for byte, and remembers what it got."""

    daemon_threads = True
    block_on_close = False
    answer: Answer

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.got: list[str] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def paths(self) -> list[str]:
        return [head.split()[1] for head in self.got]


class Handler(socketserver.StreamRequestHandler):
    server: Vendor

    def handle(self) -> None:
        head = b""
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            head += line
        self.server.got.append(head.decode("latin-1"))
        try:
            for piece in self.server.answer(self.server, head.split()[1].decode()):
                self.wfile.write(piece)
                self.wfile.flush()
        except OSError:
            return  # the other side had enough


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], Vendor]]:
    served: list[Vendor] = []

    def start(answer: Answer) -> Vendor:
        served.append(Vendor(answer))
        threading.Thread(target=served[-1].serve_forever, args=(0.02,), daemon=True).start()
        return served[-1]

    yield start
    for vendor in served:
        vendor.shutdown()
        vendor.server_close()


def response(body: bytes = SOUND, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def always(*pieces: bytes) -> Answer:
    return lambda vendor, path: iter(pieces)


def link(url: str, *, link_from: str | None = EMULATED, timeout_s: float = 20.0) -> Request:
    return Request(
        step="fetch",
        method="GET",
        url=url,
        spends=False,
        auth=BearerAuth("sk-secret"),
        timeout_s=timeout_s,
        link_from=link_from,
    )


def exchanged(request: Request) -> Reply:
    async def run() -> Reply:
        async with make_client() as client:
            return await exchange(client, request, secrets=())

    return asyncio.run(run())


def at(*addresses: str) -> Callable[[str, int], object]:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    return resolve


PUBLIC = ["47.95.1.2", "1.1.1.1", "2001:4860:4860::8888", "2408:4000::1"]
NOT_PUBLIC = {
    "loopback": ["127.0.0.1", "127.8.8.8", "::1"],
    "unspecified": ["0.0.0.0", "0.1.2.3", "::"],
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fd00::1", "fc00::1"],
    "link-local": ["169.254.0.1", "fe80::1", "fe80::1%eth0", "febf::1"],
    "site-local": ["fec0::1"],
    "shared": ["100.64.0.1", "100.127.255.255"],
    "metadata": [
        "169.254.169.254",  # AWS, Google, Azure
        "169.254.0.23",  # Tencent
        "100.100.100.200",  # Alibaba
        "192.0.0.192",  # Oracle
        "168.63.129.16",  # Azure
        "fd00:ec2::254",  # AWS
    ],
    "multicast": ["224.0.0.1", "239.255.255.250", "ff02::1", "ff0e::1"],
    "reserved": ["240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "203.0.113.7"],
    "documentation": ["2001:db8::1", "3fff::1"],
    "mapped": ["::ffff:127.0.0.1", "::ffff:47.95.1.2", "::ffff:a9fe:a9fe"],
    "compatible": ["::7f00:1", "::47.95.1.2"],
    "NAT64": ["64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1"],
    "6to4": ["2002:7f00:1::1", "2002:a9fe:a9fe::", "192.88.99.1"],
    "Teredo": ["2001:0:7f00:1::1"],
    "no address": ["", "localhost", "127.1", "0x7f000001", "2130706433"],
}
TABLE = [(a, True) for a in PUBLIC] + [(a, False) for kind in NOT_PUBLIC.values() for a in kind]


@pytest.mark.parametrize(("address", "public"), TABLE)
def test_only_addresses_of_the_open_internet_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize("address", [a for a, public in TABLE if a and not public])
def test_a_vendors_link_is_followed_nowhere_else(address: str) -> None:
    with pytest.raises(Refused, match="not on the open internet"):
        asyncio.run(follow(link("https://a.example/b", link_from=LIVE), resolve=at(address)))


def test_one_wrong_address_among_good_ones_is_enough() -> None:
    with pytest.raises(Refused, match=r"10\.0\.0\.1"):
        asyncio.run(
            follow(link("https://a.example/b", link_from=LIVE), resolve=at(*PUBLIC, "10.0.0.1"))
        )


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1"])
def test_a_vendors_link_to_this_machine_is_refused_however_it_is_written(host: str) -> None:
    with pytest.raises(Refused, match="not on the open internet"):
        exchanged(link(f"https://{host}/a.wav", link_from=LIVE))


@pytest.mark.parametrize(
    "url",
    [
        "http://storage.example/a.wav",
        "http://oss.aliyuncs.com.evil.example/a.wav",
        "http://evilaliyuncs.com/a.wav",
        "http://b.oss-cn-beijing.aliyuncs.com:8080/a.wav",
    ],
)
def test_a_vendors_link_without_tls_is_refused(url: str) -> None:
    with pytest.raises(Refused, match="not https"):
        asyncio.run(follow(link(url, link_from=LIVE), resolve=at("47.95.1.2")))


def test_the_plain_links_of_dashscope_are_followed_over_tls() -> None:
    asked: list[tuple[str, int]] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append((host, port))
        return ["127.0.0.1"]

    url = "http://dashscope-result-bj.oss-cn-beijing.aliyuncs.com/1d/a.wav?Signature=x"
    with pytest.raises(Refused, match="not on the open internet"):
        asyncio.run(follow(link(url, link_from=LIVE), resolve=resolve))
    assert asked == [("dashscope-result-bj.oss-cn-beijing.aliyuncs.com", 443)]


@pytest.mark.parametrize(
    "url", ["ftp://a.example/b", "file:///etc/passwd", "https:///b", "https://[::1", "//a/b", "\0"]
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(Refused, match="link to the sound"):
        asyncio.run(follow(link(url, link_from=LIVE), resolve=at("47.95.1.2")))


def test_a_link_with_a_password_in_it_is_refused_and_not_shown() -> None:
    with pytest.raises(Refused, match="user name") as caught:
        exchanged(link("https://me:hunter2@a.example/b?Signature=abc", link_from=LIVE))
    assert "hunter2" not in str(caught.value)
    assert "abc" not in str(caught.value)


@pytest.mark.parametrize("address", ["47.95.1.2", "10.0.0.1", "169.254.169.254", "0.0.0.0"])
def test_an_emulators_link_stays_on_this_machine(address: str) -> None:
    with pytest.raises(Refused, match="leads off this machine"):
        asyncio.run(follow(link("http://a.example/b"), resolve=at("127.0.0.1", address)))


def test_no_key_and_no_cookie_goes_along(serve: Callable[[Answer], Vendor]) -> None:
    def answer(vendor: Vendor, path: str) -> Iterator[bytes]:
        if path == "/first":
            yield response(b"", "Location: /second", "Set-Cookie: a=b", status="302 Found")
        yield response(SOUND, "Set-Cookie: c=d")

    vendor = serve(answer)

    async def run() -> None:
        async with make_client() as client:
            for _ in range(2):
                reply = await exchange(client, link(f"{vendor.url}/first"), secrets=())
                assert reply.content == SOUND

    asyncio.run(run())
    assert vendor.paths == ["/first", "/second"] * 2
    sent = "".join(vendor.got).lower()
    assert "sk-secret" not in sent
    assert not {"authorization:", "cookie:", "proxy-authorization:"} & set(sent.split())


def test_the_vendors_own_calls_keep_no_cookie_either(serve: Callable[[Answer], Vendor]) -> None:
    vendor = serve(always(response(b"{}", "Set-Cookie: a=b; Path=/")))

    async def run() -> None:
        async with make_client() as client:
            for _ in range(2):
                await exchange(client, link(vendor.url, link_from=None), secrets=())

    asyncio.run(run())
    assert "cookie:" not in vendor.got[1].lower()
    assert "authorization: bearer sk-secret" in vendor.got[1].lower()


def test_the_connection_goes_to_the_address_that_was_looked_at(
    serve: Callable[[Answer], Vendor],
) -> None:
    vendor = serve(always(response()))
    asked: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    port = vendor.server_address[1]
    reply = asyncio.run(follow(link(f"http://storage.invalid:{port}/a"), resolve=resolve))
    assert reply.content == SOUND
    assert asked == ["storage.invalid"]
    assert f"Host: storage.invalid:{port}" in vendor.got[0]


def test_over_tls_the_certificate_has_to_be_of_the_name_and_not_of_the_address() -> None:
    hello: list[bytes] = []

    class Listening(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            hello.append(self.request.recv(4096))

    with socketserver.TCPServer(("127.0.0.1", 0), Listening) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        url = httpx.URL(f"https://storage.example:{server.server_address[1]}/a")
        with pytest.raises(httpx.ConnectError):
            asyncio.run(fetched(url, ["127.0.0.1"], timeout_s=20.0, proxied=False))
    assert b"storage.example" in hello[0]
    assert b"127.0.0.1" not in hello[0]


def test_an_address_out_of_reach_makes_way_for_the_next(serve: Callable[[Answer], Vendor]) -> None:
    vendor = serve(always(response()))
    url = f"http://storage.invalid:{vendor.server_address[1]}/a"
    reply = asyncio.run(follow(link(url), resolve=at("127.0.0.7", "::1", "127.0.0.1")))
    assert reply.content == SOUND


def test_a_name_without_an_address_was_never_asked() -> None:
    with pytest.raises(httpx.ConnectError, match="has no address"):
        exchanged(link("https://voicelab.invalid/a", link_from=LIVE))


def test_redirects_are_followed_but_not_without_end(serve: Callable[[Answer], Vendor]) -> None:
    def answer(vendor: Vendor, path: str) -> Iterator[bytes]:
        left = int(path[1:])
        if left == 0:
            yield response()
        yield response(b"", f"Location: {left - 1}", status="307 Temporary Redirect")

    vendor = serve(answer)
    assert exchanged(link(f"{vendor.url}/{MAX_REDIRECTS}")).content == SOUND
    vendor.got.clear()
    with pytest.raises(Refused, match="redirected more than 3 times"):
        exchanged(link(f"{vendor.url}/{MAX_REDIRECTS + 1}"))
    assert vendor.paths == ["/4", "/3", "/2", "/1"]


@pytest.mark.parametrize(
    "onward",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/a",
        "https://1.1.1.1/a",
        "//10.0.0.1/a",
        "file:///etc/passwd",
        "gopher://127.0.0.1/a",
        "http://u:p@127.0.0.1/a",
        "http://[::1",
        "http://" + "a" * 70_000 + "/",
    ],
)
def test_every_hop_of_a_redirect_is_checked(serve: Callable[[Answer], Vendor], onward: str) -> None:
    vendor = serve(always(response(b"", f"Location: {onward}", status="302 Found")))
    with pytest.raises((Refused, httpx.HTTPError)):
        exchanged(link(vendor.url))
    assert len(vendor.got) == 1


def test_a_call_of_the_vendors_is_never_redirected(serve: Callable[[Answer], Vendor]) -> None:
    vendor = serve(always(response(b"", "Location: /b", status="307 Temporary Redirect")))
    assert exchanged(link(f"{vendor.url}/a", link_from=None)).status == 307
    assert vendor.paths == ["/a"]


@pytest.mark.parametrize(
    "page",
    [
        b"<!DOCTYPE html><html><body>Sign in to continue</body></html>",
        '\ufeff{"message": "Sign in to continue"}'.encode(),
        b"<?xml version='1.0'?><Error>Sign in to continue</Error>",
    ],
)
def test_a_page_of_words_with_status_200_is_told_as_such(
    serve: Callable[[Answer], Vendor], page: bytes
) -> None:
    with pytest.raises(Unreadable, match=r"leads to text and no sound: .*Sign in to continue"):
        exchanged(link(serve(always(response(page))).url))


def test_what_a_storage_says_no_with_comes_back_to_be_read(
    serve: Callable[[Answer], Vendor],
) -> None:
    vendor = serve(always(response(b"<Error/>", status="403 Forbidden")))
    reply = exchanged(link(vendor.url))
    assert (reply.status, reply.content) == (403, b"<Error/>")


@pytest.fixture
def small_cap(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(received, "MAX_REPLY_BYTES", 1_000_000)
    return 1_000_000


HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"


def drips() -> Iterator[bytes]:
    """Give a byte every twentieth of a second: no pause is long, and no end comes."""
    while True:
        yield b"\xff"
        time.sleep(0.05)


@pytest.mark.parametrize("link_from", [EMULATED, None])
@pytest.mark.parametrize("start", [HEAD + b"\r\n", HEAD + b"X-Slow: ", b""])
def test_a_reply_that_drips_ends_with_the_deadline(
    serve: Callable[[Answer], Vendor], start: bytes, link_from: str | None
) -> None:
    def answer(vendor: Vendor, path: str) -> Iterator[bytes]:
        yield start
        yield from drips()

    with pytest.raises(NO_REPLY):
        exchanged(link(serve(answer).url, link_from=link_from, timeout_s=0.5))


def test_the_deadline_holds_for_all_redirects_together(serve: Callable[[Answer], Vendor]) -> None:
    def answer(vendor: Vendor, path: str) -> Iterator[bytes]:
        time.sleep(0.3)
        yield response(b"", "Location: /again", status="302 Found")

    vendor = serve(answer)
    with pytest.raises(TimeoutError):
        exchanged(link(vendor.url, timeout_s=0.5))
    assert len(vendor.got) == 2


@pytest.mark.parametrize("link_from", [EMULATED, None])
@pytest.mark.parametrize(
    "head",
    [
        HEAD,
        HEAD + b"Content-Length: 2000000000\r\n",
        HEAD + b"Content-Encoding: gzip\r\n",
        HEAD + b"Content-Encoding: br\r\n",
    ],
)
def test_a_body_without_end_is_cut_off_and_the_connection_ended(
    serve: Callable[[Answer], Vendor], small_cap: int, head: bytes, link_from: str | None
) -> None:
    ended = threading.Event()

    def answer(vendor: Vendor, path: str) -> Iterator[bytes]:
        yield head + b"\r\n"
        try:
            while True:
                yield b"\xff" * 65_536
        finally:
            ended.set()

    reply = exchanged(link(serve(answer).url, link_from=link_from))
    assert small_cap < len(reply.content) < small_cap + 200_000
    assert ended.wait(60)


def test_a_reply_past_the_cap_is_told_on_its_row() -> None:
    content = bytes(received.MAX_REPLY_BYTES + 1)
    with pytest.raises(Unreadable, match="more than 64 MiB"):
        require_whole(Reply(status=200, headers={}, content=content), "minimax")


ASK_IN_LITTLE_MEMORY = {
    "setup": """
import asyncio
from voicelab.engine.exchange import exchange, make_client, require_whole
from voicelab.errors import Unreadable
from voicelab.providers.base import Request

async def ask(url):
    request = Request(step="design", method="GET", url=url, spends=True)
    async with make_client() as client:
        require_whole(await exchange(client, request, secrets=("sk-secret",)), "minimax")

url = sys.stdin.read()
""",
    "body": """
try:
    asyncio.run(ask(url))
except Unreadable as error:
    print(error)
""",
}


def two_gigabytes() -> Iterator[bytes]:
    yield HEAD + b"Content-Length: 2000000000\r\n\r\n"
    for _ in range(2_000_000_000 // 2**20):
        yield bytes(2**20)


def unpacks_to_a_gibibyte() -> Iterator[bytes]:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(1024)) + packer.flush()
    assert len(bomb) < 2_000_000
    yield response(bomb, "Content-Encoding: gzip")


@needs_limits
@pytest.mark.parametrize("sent", [two_gigabytes, unpacks_to_a_gibibyte])
def test_a_reply_of_gigabytes_takes_no_more_memory_than_the_cap_allows(
    serve: Callable[[Answer], Vendor], sent: Callable[[], Iterator[bytes]]
) -> None:
    vendor = serve(lambda vendor, path: sent())
    told = limited(**ASK_IN_LITTLE_MEMORY, more_mib=320, given=vendor.url.encode())
    assert told.startswith("minimax answered with more than 64 MiB")


def test_what_comes_packed_is_unpacked_once(serve: Callable[[Answer], Vendor]) -> None:
    body = b'{"a": 1}'
    packed = serve(always(response(gzip.compress(body), "Content-Encoding: GZip")))
    assert exchanged(link(packed.url, link_from=None)).content == body
    twice = gzip.compress(gzip.compress(body))
    nested = serve(always(response(twice, "Content-Encoding: gzip, gzip")))
    assert exchanged(link(nested.url, link_from=None)).content == twice
    cut = serve(always(response(gzip.compress(SOUND)[:-9], "Content-Encoding: gzip")))
    assert SOUND.startswith(exchanged(link(cut.url, link_from=None)).content)
    false = serve(always(response(body, "Content-Encoding: gzip")))
    assert exchanged(link(false.url, link_from=None)).content == body


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\0" * 1000,
        HEAD + b"Content-Length: 100000\r\n\r\n" + SOUND[:1000],
        HEAD + b"Content-Length: -1\r\n\r\n" + SOUND,
        HEAD + b"Content-Length: 1e3\r\n\r\n" + SOUND,
        HEAD + b"Content-Length: 10\r\nContent-Length: 20\r\n\r\n" + SOUND,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFFFFFFFF\r\n" + SOUND,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcd",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 100_000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"b" * 1_000_000 + b"\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ],
    ids=lambda answer: repr(answer[:60]),
)
@pytest.mark.parametrize("link_from", [EMULATED, None])
def test_what_is_no_http_is_no_reply(
    serve: Callable[[Answer], Vendor], answer: bytes, link_from: str | None
) -> None:
    with pytest.raises(NO_REPLY):
        exchanged(link(serve(always(answer)).url, link_from=link_from))


def test_a_length_that_says_too_little_brings_what_it_says(
    serve: Callable[[Answer], Vendor],
) -> None:
    vendor = serve(always(HEAD + b"Content-Length: 44\r\n\r\n" + SOUND))
    assert exchanged(link(vendor.url)).content == SOUND[:44]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://169.254.169.254/latest/meta-data/", "An emulator's link leads off this machine"),
        ("https://a:b@127.0.0.1/a.wav", "has a user name in it"),
    ],
)
def test_a_wrong_link_is_told_on_its_row(tmp_path: Path, url: str, told: str) -> None:
    done = {"Status": "success", "ErrorCode": 0, "VoiceId": "v", "AudioUrl": url}
    body = json.dumps({"Response": done | {"RequestId": "r"}}).encode()
    with sandbox_of(["tencent-mps"]) as sandbox:
        mps = sandbox["tencent-mps"]
        mps.faults.add("DescribeDesignTask", Fault(status=200, body=body), times=9)
        keys = {"secret_id": mps.secret_id, "secret_key": mps.secret_key}
        provider = TencentMps(
            credentials=Credentials(**keys), base_url=sandbox.base_url["tencent-mps"]
        )
        row = PromptVariant(label="a", prompt="a deep voice", preview_text="Good evening.")
        with Lab.open(tmp_path / "lab", providers=[provider], live=True) as lab:
            lab.run(Batch(variants=(row,), providers=["tencent-mps"])).result()
            (record,) = lab.records()
    assert (record.state, record.error_kind) == (TrialState.FAILED, "Refused")
    assert told in str(record.error)
