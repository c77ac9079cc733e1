"""What the emulated Tencent products share: one address, an envelope, strict parameters, links.

Sources: the vendor's pages "Request Structure", "Responses" and "Common Error Codes" under
https://www.tencentcloud.com/document/api, and messages as users quote them in public. Where
nobody says what the vendor does, a comment does.
"""

import secrets
import time
import uuid
from abc import abstractmethod
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from voicelab.emulators._tc3_fields import Field as Field
from voicelab.emulators._tc3_fields import check_fields as check_fields
from voicelab.emulators._tc3_request import METHODS, bounded, parameters
from voicelab.emulators._tc3_signature import missing, verify
from voicelab.emulators.base import Answer, Call, Emulator, Fault, No

SECRET_ID = "AKIDemulated0tencent0secret0id00000"
SECRET_KEY = "emulated0tencent0secret0key00000"
TEMPORARY_ID = "AKIDemulated0temporary0secret0id000"
TEMPORARY_KEY = "emulated0temporary0secret0key000"
TOKEN = "emulated0token0of0temporary0credentials0"
LINK_S = 24 * 3600.0


Handle = Callable[[Call, dict[str, Any]], Awaitable[Answer | Response]]


@dataclass(frozen=True, kw_only=True)
class Action:
    """One call of a product: what it takes, how often, and who answers it."""

    handle: Handle
    fields: Mapping[str, Field] = field(default_factory=dict)
    per_second: int = 20


@dataclass(frozen=True, kw_only=True)
class File:
    """Something handed out by a link, for a while and to anyone."""

    content: bytes = field(repr=False)
    media_type: str
    expires_at: float
    """By the emulator's clock, in seconds."""


class StorageNo(No):
    """What the object storage behind a link refuses; it is another service, with statuses."""


class Rate:
    """A rate limit over a sliding second."""

    def __init__(self) -> None:
        self._asked: deque[float] = deque()

    def admit(self, now: float, *, most: int) -> None:
        """Take a place at `now`, in seconds, or refuse."""
        while self._asked and self._asked[0] <= now - 1:
            self._asked.popleft()
        if len(self._asked) >= most:
            raise No(
                "RequestLimitExceeded",
                f"Your current request times equals to `{len(self._asked) + 1}` in a second, "
                f"which exceeds the frequency limit `{most}` for a second. "
                "Please reduce the frequency of calls.",
            )
        self._asked.append(now)


@dataclass(kw_only=True, eq=False)
class Tc3Emulator(Emulator):
    """One product of the vendor's, with one account on it."""

    service: ClassVar[str]
    """As it is signed, such as `mps`."""
    version: ClassVar[str]
    variable: ClassVar[str]
    """The environment variable a client reads the endpoint from."""
    named_faults: ClassVar[Mapping[str, Fault]] = {
        "throttle": Fault(
            code="RequestLimitExceeded",
            message="Your current request times equals to `21` in a second, which exceeds the "
            "frequency limit `20` for a second. Please reduce the frequency of calls.",
        ),
        "clock-skew": Fault(code="AuthFailure.SignatureExpire", message="Signature expired."),
        "retired-model": Fault(code="ActionOffline", message="This API is offline."),
    }
    regions: ClassVar[tuple[str, ...]] = ()
    """Where the product is offered; calls name no region where empty."""
    secret_id: str = SECRET_ID
    secret_key: str = field(default=SECRET_KEY, repr=False)
    token: str = field(default="", repr=False)
    """Of temporary credentials; lasting ones have none."""
    wall: Callable[[], float] = time.time
    """Seconds since 1970, by the clock that signatures are checked with."""
    app_id: int = 1300000000
    link_s: float = LINK_S
    """Seconds a link is good for."""
    files: dict[str, File] = field(default_factory=dict, init=False, repr=False)
    """Behind the links, by name."""

    def __post_init__(self) -> None:
        """Start with nothing asked."""
        super().__post_init__()
        self._rates: dict[str, Rate] = defaultdict(Rate)
        self._entries = {
            name: self.entry(name, partial(self._answer, action))
            for name, action in self.actions().items()
        }
        self._unknown = self.entry("unknown", partial(self._answer, None))

    def use_temporary_credentials(self) -> None:
        """Take temporary credentials from now on, and no others: every call needs their token."""
        self.secret_id, self.secret_key, self.token = TEMPORARY_ID, TEMPORARY_KEY, TOKEN

    @abstractmethod
    def actions(self) -> Mapping[str, Action]:
        """Return the product's calls by name; the ledger and the faults know them by it."""

    def routes(self) -> list[Route]:
        """Return the one address of the product, and the storage its links lead to."""
        return [
            Route("/", self._call, methods=METHODS),
            Route("/storage/{name}", self.entry("fetch", self._file), methods=["GET"]),
        ]

    def environ(self, base_url: str) -> dict[str, str]:
        """Return the vendor's own variables."""
        found = {
            "TENCENTCLOUD_SECRET_ID": self.secret_id,
            "TENCENTCLOUD_SECRET_KEY": self.secret_key,
            self.variable: base_url,
        }
        return found | ({"TENCENTCLOUD_TOKEN": self.token} if self.token else {})

    def reply(self, answer: Answer | No) -> Response:
        """Say yes and no alike inside `Response`, with HTTP 200."""
        if isinstance(answer, StorageNo):
            return _storage_no(answer)
        if isinstance(answer, No):
            error = {"Code": str(answer.code), "Message": answer.message}
            inside: Answer = {"Error": error, "RequestId": str(uuid.uuid4())}
            return JSONResponse({"Response": inside}, answer.status)
        inside = dict(answer)
        inside.setdefault("RequestId", str(uuid.uuid4()))  # the last of every answer
        return JSONResponse({"Response": inside})

    def keep(self, content: bytes, *, suffix: str, now: float) -> str:
        """Put something into the storage and return its name there."""
        name = f"{secrets.token_hex(8)}{suffix}"
        media_type = {"wav": "audio/wav", "mp3": "audio/mpeg"}[suffix.rpartition(".")[2]]
        self.files[name] = File(
            content=content, media_type=media_type, expires_at=now + self.link_s
        )
        return name

    def link(self, call: Call, name: str) -> str:
        """Return the link to something in the storage, at the address the caller knows."""
        return f"http://{call.headers['host']}/storage/{name}"

    async def _call(self, request: Request) -> Response:
        name = request.headers.get("x-tc-action", "")
        whole = await bounded(request)
        if whole.fits:
            return await self._entries.get(name, self._unknown)(whole.request)
        endpoint = name if name in self._entries else "unknown"
        return await self.entry(endpoint, _too_large)(whole.request)

    def astray(self, status: int, method: str) -> No:
        """Say that it broke the way the vendor says it, with HTTP 200."""
        return No("InternalError", "An internal error has occurred. Retry your request.")

    async def _astray(self, request: Request, error: Exception) -> Response:
        """Answer what has no address or no such method: in JSON, as everything else."""
        whole = await bounded(request)
        return await self.entry("unknown", _misplaced)(whole.request)

    async def _file(self, call: Call) -> Response:
        file = self.files.get(call.path.removeprefix("/storage/"))
        if file is None:
            raise StorageNo("NoSuchKey", "The specified key does not exist.", status=404)
        if call.at >= file.expires_at:
            raise StorageNo("AccessDenied", "Request has expired", status=403)
        return Response(file.content, media_type=file.media_type)

    async def _answer(self, action: Action | None, call: Call) -> Answer | Response:
        keys = {self.secret_id: self.secret_key}
        service = verify(call, keys=keys, token=self.token, now=self.wall())
        name, version = call.headers["x-tc-action"], call.headers["x-tc-version"]
        if (service, version) != (self.service, self.version):
            raise No(
                "NoSuchVersion",
                f"The specified api version=`{version}` does not exist in service=`{service}`.",
            )
        if action is None:
            raise No(
                "InvalidAction",
                f"The request action=`{name}` is invalid or not found in service=`{service}` "
                f"and version=`{version}`.",
            )
        self._check_region(call)
        self._rates[name].admit(call.at, most=action.per_second)
        wish = parameters(call, action.fields)
        check_fields(wish, action.fields)
        given = {key: value for key, value in wish.items() if value is not None}
        return await action.handle(call, given)  # the vendor's clients take null for "not given"

    def _check_region(self, call: Call) -> None:
        region = call.headers.get("x-tc-region")
        if region is None and self.regions:
            raise No("MissingParameter", missing("Region"))
        if region == "":
            raise No(
                "InvalidParameterValue",
                "A value specified in `X-TC-Region` is not valid, is unsupported, "
                "or cannot be used.",
            )
        if region is not None and self.regions and region not in self.regions:
            raise No("UnsupportedRegion", f"The region `{region}` is not supported.")


def _storage_no(no: StorageNo) -> Response:
    words = f"<Error><Code>{no.code}</Code><Message>{no.message}</Message></Error>"
    return Response(words, no.status, media_type="application/xml")


async def _too_large(call: Call) -> Answer:
    raise No("RequestSizeLimitExceeded", "The request size exceeds the upper limit.")


async def _misplaced(call: Call) -> Answer:
    if call.method not in METHODS:
        raise No(
            "UnsupportedProtocol",
            "Unsupported HTTP(S) request method: only GET and POST are supported.",
        )
    # Nobody says what the vendor does; the page has no other path than this one.
    raise No("InvalidRequest", f"The request path `{call.path}` is not valid: it is always `/`.")
