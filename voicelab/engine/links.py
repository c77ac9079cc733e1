"""Links that vendors hand out: the only place that decides where one may lead, and goes there.

A link is a stranger's word. Nothing of ours goes along with it (no key, no cookie); it leads to
the open internet over https, or from an emulator to this machine, and nowhere else. Every address
its name has is looked at, and the connection is made to an address that was looked at: a name
that changes its mind between the two (DNS rebinding) changes nothing.
"""

import asyncio
import functools
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence

import httpx

from voicelab.audio.container import text_in
from voicelab.engine.received import received
from voicelab.errors import Refused, Unreadable
from voicelab.providers.base import Reply, Request, is_loopback

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port to the addresses of the host, the best first."""

MAX_REDIRECTS = 3
CONNECT_S = 10.0
"""For each address of a host, so that one that is out of reach leaves time for the next."""
REDIRECTS = (301, 302, 303, 307, 308)
PLAIN_STORAGE = (".aliyuncs.com",)
"""DashScope's own links to its storage say http; the same storage answers over https."""

_INTERNET_6 = ipaddress.ip_network("2000::/3")
_WITHIN = tuple(
    map(
        ipaddress.ip_network,
        (
            "168.63.129.16/32",  # the host of a machine at Azure, which hands out its secrets
            "192.0.0.0/24",  # Oracle's is among these
            "192.88.99.0/24",  # gateways to 6to4
            "2001::/23",  # Teredo, and other special purposes
            "2002::/16",  # 6to4: an IPv4 address in disguise
            "3fff::/20",  # documentation
        ),
    )
)
"""What `ipaddress` calls global in some version of Python, and is not for us."""


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the open internet.

    Loopback, private, link-local (a cloud's metadata among them), shared, multicast, unspecified
    and reserved ones are not; nor is an IPv4 address written into an IPv6 one (mapped,
    compatible, NAT64, 6to4, Teredo), which would lead wherever that does.

    Examples
    --------
    >>> [is_public(a) for a in ("47.95.1.2", "169.254.169.254", "::ffff:47.95.1.2")]
    [True, False, False]
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if ip.version == 6 and ip not in _INTERNET_6:
        return False
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _WITHIN)


async def resolved(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host, as this machine finds them.

    Raises
    ------
    httpx.ConnectError
        When there is none.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpx.ConnectError(f"{host} has no address ({error})") from None
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


async def follow(request: Request, *, resolve: Resolve = resolved) -> Reply:
    """Return what is behind the link in `request`, over no more than `MAX_REDIRECTS` redirects.

    Parameters
    ----------
    resolve
        Finds the addresses of a host.

    Raises
    ------
    Refused
        When it leads where no link of a vendor's should, or on and on.
    Unreadable
        When there is a page of text and no sound.
    httpx.HTTPError
        When nothing answers.
    """
    emulated = is_loopback(request.link_from or "")
    url = _parsed(request.url)
    for _ in range(MAX_REDIRECTS + 1):
        url = _allowed(url, emulated=emulated)
        addresses = await resolve(_host(url), url.port or _port(url))
        _require_right(_host(url), addresses, emulated=emulated)
        reply = await fetched(url, addresses, timeout_s=request.timeout_s, proxied=not emulated)
        onward = reply.headers.get("location") if reply.status in REDIRECTS else None
        if not onward:
            return _sound(reply)
        url = _parsed(onward, base=url)
    raise Refused(
        f"The link to the sound was redirected more than {MAX_REDIRECTS} times; it was given up."
    )


def _parsed(link: str, *, base: httpx.URL | None = None) -> httpx.URL:
    try:
        return httpx.URL(link) if base is None else base.join(link)
    except (httpx.InvalidURL, ValueError) as error:
        raise Refused(f"The link to the sound is none ({error}); it was not followed.") from None


def _allowed(url: httpx.URL, *, emulated: bool) -> httpx.URL:
    if url.scheme not in ("http", "https") or not url.host:
        raise Refused(
            f"The link to the sound is no web address (it begins {url.scheme!r}); "
            "it was not followed."
        )
    if url.userinfo:
        raise Refused(
            f"The link to the sound at {_shown(url)} has a user name in it; it was not followed."
        )
    if url.scheme == "https" or emulated:
        return url
    if _host(url).endswith(PLAIN_STORAGE) and url.port is None:
        return url.copy_with(scheme="https")
    raise Refused(f"The link to the sound at {_shown(url)} is not https; it was not followed.")


def _require_right(host: str, addresses: Iterable[str], *, emulated: bool) -> None:
    """Raise `Refused` when any address is one that a link of this origin must not lead to."""
    for address in addresses:
        if emulated and not is_loopback(f"http://{_bracketed(address)}"):
            raise Refused(
                f"An emulator's link leads off this machine, to {host} ({address}); "
                "it was not followed."
            )
        if not emulated and not is_public(address):
            raise Refused(
                f"The link to the sound leads to {host}, which is at {address} and not on the open "
                "internet; it was not followed."
            )


async def fetched(
    url: httpx.URL, addresses: Sequence[str], *, timeout_s: float, proxied: bool
) -> Reply:
    """Ask for `url` at the first of these addresses that can be reached; the name is kept."""
    failed: httpx.HTTPError = httpx.ConnectError(f"{_host(url)} has no address")
    # A client of its own: another's connection to this address may be another name's.
    async with httpx.AsyncClient(
        verify=trusted(),
        trust_env=proxied,
        follow_redirects=False,
        timeout=httpx.Timeout(timeout_s, connect=CONNECT_S),
    ) as client:
        for address in addresses:
            try:
                return await _get_at(url, address, client)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failed = error
    raise failed


async def _get_at(url: httpx.URL, address: str, client: httpx.AsyncClient) -> Reply:
    async with client.stream(
        "GET",
        url.copy_with(host=address),
        headers={"Host": url.netloc.decode("ascii"), "Accept-Encoding": "identity"},
        extensions={"sni_hostname": _host(url)},  # by this name the certificate is checked
    ) as response:
        return await received(response)


def _sound(reply: Reply) -> Reply:
    """Return `reply`, unless its storage says 200 and sends a page of text."""
    told = text_in(reply.content) if reply.status == 200 else None
    if told:
        raise Unreadable(f"The link to the sound leads to text and no sound: “{told}”.")
    return reply


@functools.cache
def trusted() -> ssl.SSLContext:
    """Return the authorities that certificates are checked by; reading them takes a while."""
    return httpx.create_ssl_context()


def _host(url: httpx.URL) -> str:
    return url.raw_host.decode("ascii").lower()


def _port(url: httpx.URL) -> int:
    return 443 if url.scheme == "https" else 80


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _shown(url: httpx.URL) -> str:
    """Return a link without what may be secret in it: its signature, a password."""
    return f"{url.scheme}://{_host(url)}"
