"""What emulated Tencent VOD asks of the recording that a custom voice is made of."""

from voicelab.audio.clip import decode
from voicelab.emulators._vod_tasks import Failed
from voicelab.errors import VoiceLabError

REFERENCE_S = (5.0, 30.0)


def checked(url: str, video_id: str, audio: bytes | None) -> bytes:
    """Return the recording of a custom voice.

    Raises
    ------
    Failed
        Where there is none, or none that a voice can be made of; blocking.
    """
    if url and video_id:
        raise Failed(0, "FailedOperation", "video_id must be empty when voice_url is present")
    if not url and not video_id:
        message = "voice_url and video_id must not both be empty"
        raise Failed(40000, "InvalidParameterValue", message)
    if audio is None:
        message = "the audio of voice_url or video_id cannot be downloaded"
        raise Failed(60000, "ResourceNotFound", message)
    _check_recording(audio)
    return audio


def _check_recording(audio: bytes) -> None:
    try:
        duration_s = decode(audio).duration_s
    except VoiceLabError:  # the vendor reads mp4 and mov as well, the decoder here does not
        message = "the format of the audio is not supported"
        raise Failed(60000, "InvalidParameter.MediaFormat", message) from None
    least, most = REFERENCE_S
    if not least <= duration_s <= most:
        message = f"the audio must last from {least:g} to {most:g} seconds"
        raise Failed(40000, "InvalidParameterValue", message)
