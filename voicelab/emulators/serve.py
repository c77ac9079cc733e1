"""The only place that serves emulators over real sockets, and only to this machine."""

import asyncio
import atexit
import ipaddress
import socket
import threading
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from voicelab.audio import espeak
from voicelab.emulators import EMULATORS
from voicelab.emulators._tc3 import Tc3Emulator
from voicelab.emulators.base import HANG_UP, Emulator
from voicelab.emulators.control import PREFIX, control
from voicelab.errors import UsageError


def serve(
    emulators: Iterable[str | Emulator] = tuple(EMULATORS),
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    temporary: bool = False,
) -> "Sandbox":
    """Serve emulated vendors on this machine until the sandbox is closed.

    Parameters
    ----------
    emulators
        Registry names of providers, names of emulators, or emulators set up as you like; two
        providers of one emulator share it.
    host
        An address of this machine only.
    port
        Of the first emulator; the others follow. Any free ones when 0.
    temporary
        Hand out temporary credentials, with a token, for the vendors that have them.

    Raises
    ------
    UsageError
        An unknown name, an address others can reach, a port that is taken, or no engine to speak.

    Examples
    --------
    >>> with serve(["minimax"]) as sandbox:
    ...     sorted(sandbox.environ)
    ['MINIMAX_API_HOST', 'MINIMAX_API_KEY']
    """
    espeak.find_engine()
    made = _made(emulators)
    for emulator in made:
        if temporary and isinstance(emulator, Tc3Emulator):
            emulator.use_temporary_credentials()
    return Sandbox(made, host=host, port=port).start()


class Sandbox:
    """Emulators being served, each on a port of its own, by one thread."""

    def __init__(self, emulators: Iterable[Emulator], *, host: str, port: int) -> None:
        self._emulators = {emulator.name: emulator for emulator in emulators}
        self._host = _loopback(host)
        self._first_port = port
        self._servers: list[_Server] = []
        self._thread: threading.Thread | None = None

    def __getitem__(self, name: str) -> Any:
        """Return the emulator called `name`, or that of the provider called so."""
        for emulator in self._emulators.values():
            if name in (emulator.name, *emulator.registry_names()):
                return emulator
        raise KeyError(name)

    @property
    def base_url(self) -> dict[str, str]:
        """The address of each emulator, by its name and those of its providers."""
        return {
            name: server.url
            for server in self._servers
            for name in (server.emulator.name, *server.emulator.registry_names())
        }

    @property
    def credentials(self) -> dict[str, dict[str, str]]:
        """What a client in any language needs: address and keys, by registry name."""
        return {
            name: server.emulator.credentials(server.url)
            for server in self._servers
            for name in server.emulator.registry_names()
        }

    @property
    def environ(self) -> dict[str, str]:
        """Every variable a client needs, by the vendors' own names."""
        found: dict[str, str] = {}
        for server in self._servers:
            found |= server.emulator.environ(server.url)
        return found

    async def publish(self, audio: bytes, name: str) -> str:
        """Put a recording behind a link on this machine, for clones at the emulated VOD.

        Pass it as `TencentVodCustom(publish=sandbox.publish, …)`; a real vendor needs a link that
        it can reach itself.
        """
        emulator = self["tencent-vod"]
        kept = emulator.keep(audio, suffix=name[name.rindex(".") :], now=emulator.clock())
        return f"{self.base_url['tencent-vod']}/storage/{kept}"

    def start(self) -> Self:
        """Start serving, and return once every emulator answers."""
        if self._thread is not None:
            return self
        self._servers = self._listen()
        self._thread = threading.Thread(target=self._run, name="voicelab-emulators", daemon=True)
        self._thread.start()
        while not all(server.started for server in self._servers):
            if not self._thread.is_alive():
                raise RuntimeError("the emulators' thread ended before it answered")
            time.sleep(0.005)
        atexit.register(self.close)
        return self

    def close(self) -> None:
        """Drop every connection and stop; what the emulators remember stays readable."""
        if self._thread is None:
            return
        for server in self._servers:
            server.stop()
        self._thread.join()
        self._thread = None
        atexit.unregister(self.close)

    def __enter__(self) -> Self:
        """Start serving, unless it does already."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop serving."""
        self.close()

    def _listen(self) -> list["_Server"]:
        sockets: list[socket.socket] = []
        try:
            for place in range(len(self._emulators)):
                sockets.append(_bound(self._host, self._first_port and self._first_port + place))
        except UsageError:
            for opened in sockets:
                opened.close()
            raise
        return [
            _Server(emulator, opened)
            for emulator, opened in zip(self._emulators.values(), sockets, strict=True)
        ]

    def _run(self) -> None:
        async def serve_all() -> None:
            await asyncio.gather(*(server.serve() for server in self._servers))

        asyncio.run(serve_all())


class _Server:
    """One emulator behind one listening socket."""

    def __init__(self, emulator: Emulator, listening: socket.socket) -> None:
        self.emulator = emulator
        self._control = control(emulator)
        self._socket = listening
        host, port = listening.getsockname()[:2]
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self._uvicorn = uvicorn.Server(
            uvicorn.Config(
                self._app,
                interface="asgi3",
                http="h11",
                ws="none",
                loop="asyncio",
                lifespan="off",
                proxy_headers=False,
                server_header=False,
                access_log=False,
                log_config=None,
                log_level="error",
                timeout_graceful_shutdown=5,
            )
        )

    @property
    def started(self) -> bool:
        """Whether it answers."""
        return self._uvicorn.started

    async def serve(self) -> None:
        """Answer until stopped."""
        self._loop = asyncio.get_running_loop()
        await self._uvicorn.serve(sockets=[self._socket])

    def stop(self) -> None:
        """Hang up on everyone, and let `serve` return; safe from any thread."""
        self._uvicorn.should_exit = True
        self._loop.call_soon_threadsafe(self._hang_up, None)

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope["client"]
        app = self._control if scope["path"].startswith(PREFIX) else self.emulator
        try:
            await app({**scope, HANG_UP: lambda: self._hang_up(client)}, receive, send)
        except ClientDisconnect:
            return  # gone before it had asked: there is nobody to be answered

    def _hang_up(self, client: tuple[str, int] | None) -> None:
        connections: set[Any] = self._uvicorn.server_state.connections
        for connection in list(connections):
            if client is None or connection.client == client:
                connection.transport.abort()


def _made(wanted: Iterable[str | Emulator]) -> list[Emulator]:
    made: dict[str, Emulator] = {}
    for one in wanted:
        if isinstance(one, Emulator):
            made[one.name] = one
        elif (name := _emulator_name(one)) not in made:
            made[name] = EMULATORS[name]()
    return list(made.values())


def _emulator_name(wanted: str) -> str:
    answering = {name: kind.registry_names() for name, kind in EMULATORS.items()}
    for name, providers in answering.items():
        if wanted in (name, *providers):
            return name
    known = sorted({*answering, *(one for providers in answering.values() for one in providers)})
    raise UsageError(f"there is no emulator {wanted!r}; there are: {', '.join(known)}.")


def _loopback(host: str) -> str:
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        raise UsageError(
            f"{host!r} is not an address of this machine alone; "
            "emulators are served on 127.0.0.1 only."
        )
    return str(address)


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        opened.listen(128)
    except (OSError, OverflowError) as error:
        opened.close()
        raise UsageError(
            f"port {port} of {host} cannot be used ({error}); choose another, or 0 for any."
        ) from None
    return opened
