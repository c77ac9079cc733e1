"""What a task of Tencent VOD has come to: the only place that reads `DescribeTaskDetail`."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from voicelab.errors import Refused, Unreadable
from voicelab.providers._tc3 import FIELD, UNKNOWN, Code, error_of
from voicelab.providers.wire import PROMPT, RECORDING, TEXT, told

UNDER_WAY = ("WAITING", "PROCESSING")
WAIT = "Send it anew later."
ANEW = "The vendor advises to send it anew."
CONTENT = "Change the wording or the recording."

TASK_CODES: Mapping[str, Code] = {
    "ABORTED": Code(Refused, ANEW),
    "-401": Code(Refused, "Look the message up at the vendor."),
    "40000": Code(Refused, FIELD),
    "60000": Code(Refused, "Check that the recording is whole and can be fetched from its link."),
    "70000": Code(Refused, ANEW),
    "ContentModerationFailed": Code(Refused, CONTENT),
    "FailedOperation": Code(Refused, "Look the message up at the vendor."),
    "InternalError": Code(Refused, ANEW),
    "InvalidParameter": Code(Refused, FIELD),
    "InvalidParameter.MediaFormat": Code(Refused, "Give the recording as mp3 or wav."),
    "InvalidParameter.VoilationContent": Code(Refused, CONTENT),
    "InvalidParameterValue": Code(Refused, FIELD),
    "ModelGenerateFailed": Code(Refused, ANEW),
    "OperationCanceled": Code(Refused, ANEW),
    "RequestLimitExceeded": Code(Refused, WAIT),
    "ResourceInsufficient": Code(Refused, WAIT),
    "ResourceNotFound": Code(Refused, "Check that the link or the id leads to a recording."),
    "TaskTimeout": Code(Refused, WAIT),
}
"""`ErrCodeExt`, or `ErrCode` where that is empty, of a task that finished without a voice.

The task is over and asking after it again changes nothing: whatever the reason, it is a no.
"""

FIRST_USE = (
    "A voice designed or cloned here is neither listed nor deleted before its first use in a "
    "synthesis: make it speak another text once."
)

Made = tuple[str, str, dict[str, Any]]
"""Voice id, link to the trial audio, and what else is told of the voice."""


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """What is peculiar to one of the two calls."""

    action: str
    """The call; its tasks carry the same name."""
    app: type[int] | type[str]
    """How `SubAppId` is written in it."""
    own: Mapping[str, str]
    """Fields that come from the row or the provider, and what to do instead."""
    read: Callable[[Mapping[str, Any]], Made | None]
    """Reads the `Output` of its task, or returns nothing where that has no voice."""


def _read_custom(output: Mapping[str, Any]) -> Made | None:
    try:
        found = output["InfoList"][0]
        told = json.loads(found["VoiceInfo"])
        made = found["VoiceId"], told["trial_url"]
    except (KeyError, IndexError, TypeError, ValueError, RecursionError):
        return None
    names = [name for name in ("voice_name", "status") if isinstance(told.get(name), str)]
    return (*made, {name: told[name] for name in names})


def _read_design(output: Mapping[str, Any]) -> Made | None:
    if "VoiceId" not in output or "TrialAudio" not in output:
        return None
    return output["VoiceId"], output["TrialAudio"], {"listed": FIRST_USE}


APP = (
    "it is the account's application; set TENCENTCLOUD_VOD_SUB_APP_ID, or give the provider its "
    "sub_app_id"
)
OWN = {
    "SubAppId": APP,
    "SessionId": "it is the trial's own name, under which no trial is sold twice; leave it out",
}
"""Of both calls."""
CUSTOM = Dialect(
    action="CreateAigcCustomVoice",
    app=int,
    own={**OWN, "VoiceUrl": RECORDING},
    read=_read_custom,
)
DESIGN = Dialect(
    action="DesignVoiceAsync",
    app=str,
    own={**OWN, "Prompt": PROMPT, "PreviewText": TEXT},
    read=_read_design,
)


def made_by(answer: Mapping[str, Any], dialect: Dialect, *, vendor: str) -> Made:
    """Return what a task that is over has made.

    Raises
    ------
    Refused
        When it has made nothing: that it is over does not mean that it went well.
    Unreadable
        When it tells neither a voice nor why there is none.
    """
    status, found = answer.get("Status"), answer.get(f"{dialect.action}Task")
    result: Mapping[str, Any] = found if isinstance(found, dict) else {}
    if status == "ABORTED":
        shown, said = status, "the task was given up"
    elif status != "FINISH" or not result:
        raise unreadable(f"a task in the status {status!r:.80} without its result", vendor=vendor)
    else:
        shown = told(result.get("ErrCodeExt") or result.get("ErrCode") or None)
        said = str(result.get("Message") or "")
    if shown:
        raise error_of(
            TASK_CODES.get(shown, UNKNOWN),
            shown=shown,
            said=said,
            vendor=vendor,
            spends=False,
            request_id=told(answer.get("RequestId")) or None,
        )
    return _read(result.get("Output"), dialect, vendor)


def unreadable(found: str, *, vendor: str) -> Unreadable:
    """Return the error for a yes that lacks what it should bring."""
    return Unreadable(f"{vendor} sent {found}. The reply is kept.")


def _read(output: object, dialect: Dialect, vendor: str) -> Made:
    made = dialect.read(output) if isinstance(output, dict) else None
    if made is None or not all(isinstance(text, str) and text for text in made[:2]):
        raise unreadable("a finished task without a voice id and a link", vendor=vendor)
    return made
