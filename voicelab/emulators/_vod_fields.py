"""What the calls of emulated Tencent VOD take, field by field, and what its tasks look like."""

import re

from voicelab.emulators._tc3 import Field

SPOKEN_BYTES = 2000
NEVER = "0001-01-01T00:00:00Z"
"""How the vendor writes a time that has not come."""
TASK_ID = re.compile(r"[0-9]+-[A-Za-z]+-[0-9a-f]{32}t")

TASK_OBJECTS = """
ProcedureTask EditMediaTask WechatPublishTask ComposeMediaTask SplitMediaTask
WechatMiniProgramPublishTask PullUploadTask TranscodeTask ConcatTask ClipTask CreateImageSpriteTask
SnapshotByTimeOffsetTask RemoveWatermarkTask RebuildMediaTask ExtractTraceWatermarkTask
ExtractCopyRightWatermarkTask ReviewAudioVideoTask ReduceMediaBitrateTask DescribeFileAttributesTask
QualityInspectTask QualityEnhanceTask ComplexAdaptiveDynamicStreamingTask ProcessMediaByMPSTask
AigcImageTask AigcVideoTask ImportMediaKnowledge SceneAigcImageTask SceneAigcVideoTask
ProcessImageAsyncTask ExtractBlindWatermarkTask CreateAigcAdvancedCustomElementTask
CreateAigcCustomVoiceTask CreateAigcSubjectTask AigcVideoRedrawTask AigcAudioTask
CreateAigcAudioCloneTask DescribeAigcFaceInfoAsyncTask AigcHunyuan3DTask DesignVoiceAsyncTask
CloneVoiceAsyncTask TextToSpeechAsyncTask VideoDubbingAsyncTask VideoDepthEstimationTask
"""
LANGUAGES = """
zh en ja de fr ko ru uk pt it es id nl tr fil ms el fi hr sk pl sv hi bg ro ar cs da ta hun vi no
yue th he ca nn af fa sl
"""
SAYING = r"(?s).*\S.*"
"""A text that is more than blanks."""

TEXT = Field()
TEXTS = Field(kind="array", items=TEXT)
MODELS = tuple(
    f"minimax-speech-{version}-{kind}"
    for version in ("2.8", "2.6", "02")
    for kind in ("hd", "turbo")
)
EMOTIONS = (
    *("happy", "sad", "angry", "fearful", "disgusted"),
    *("surprised", "calm", "fluent", "whisper"),
)
RATES = (8000, 16000, 22050, 24000, 32000, 44100)
APP_NUMBER = Field(kind="integer", least=1, code="InvalidParameterValue.SubAppId")
APP_TEXT = Field(pattern="[1-9][0-9]{0,18}", code="InvalidParameterValue.SubAppId")
SESSION = {
    "SessionId": Field(most=50, code="InvalidParameterValue.SessionIdTooLong"),
    "SessionContext": Field(most=1000, code="InvalidParameterValue.SessionContextTooLong"),
}
LOOKS = {
    "Description": TEXT,
    "Gender": Field(values=("male", "female", "unknown")),
    "Age": Field(values=("child", "teenager", "youth", "middle_aged", "senior", "unknown")),
    "Languages": Field(kind="array", items=Field(values=tuple(LANGUAGES.split()))),
    "Labels": TEXTS,
    "Scenes": TEXTS,
}
SPAN = Field(kind="object", fields={"After": TEXT, "Before": TEXT})
SORT = Field(
    kind="object",
    fields={
        "Field": Field(required=True, values=("CreateTime", "FinishTime")),
        "Order": Field(values=("Asc", "Desc")),
    },
)

CUSTOM_FIELDS = {
    "SubAppId": APP_NUMBER,
    "VoiceName": Field(most=20, code="InvalidParameter"),
    "VoiceUrl": TEXT,
    "VideoId": TEXT,
    "DisableModeration": Field(values=("True", "False"), code="InvalidParameter"),
    "TasksPriority": Field(kind="integer", least=-10, most=10, code="InvalidParameter"),
    **SESSION,
}
DESIGN_FIELDS = {
    "SubAppId": APP_TEXT,
    "Prompt": Field(required=True, pattern=SAYING),
    "PreviewText": Field(most=500),
    "VoiceSettings": Field(kind="object", fields={"Name": TEXT, **LOOKS}),
    "ExtParam": TEXT,
    **SESSION,
}
DETAIL_FIELDS = {"SubAppId": APP_NUMBER, "TaskId": Field(required=True)}
TASKS_FIELDS = {
    "SubAppId": APP_NUMBER,
    "Status": Field(values=("WAITING", "PROCESSING", "FINISH")),
    "FileId": TEXT,
    "CreateTime": SPAN,
    "FinishTime": SPAN,
    "Sort": SORT,
    "Limit": Field(kind="integer", least=1, most=100, code="InvalidParameterValue.Limit"),
    "ScrollToken": TEXT,
}
VOICES_FIELDS = {
    "SubAppId": APP_TEXT,
    "VoiceId": TEXT,
    "VoiceType": Field(values=("system", "clone", "design", "all")),
    "VoiceName": TEXT,
    "ExtParam": TEXT,
    **LOOKS,
}
FILTER_FIELDS = {"voiceName": TEXT, "labels": TEXTS}
"""Further filters, as JSON text in `ExtParam`."""
UPDATE_FIELDS = {
    "SubAppId": APP_TEXT,
    "VoiceId": Field(required=True),
    "VoiceFields": Field(
        kind="object", required=True, fields={"Name": TEXT, **LOOKS, "AudioUrl": TEXT}
    ),
    "ExtParam": TEXT,
}
DELETE_FIELDS = {"SubAppId": APP_TEXT, "VoiceId": Field(required=True)}
SPEAK_FIELDS = {
    "SubAppId": APP_TEXT,
    "Text": Field(required=True, least=1),
    "VoiceId": Field(required=True),
    "LanguageBoost": TEXT,
    "Output": Field(kind="object", fields={"Type": Field(values=("url", "hex"))}),
    "ExtParam": TEXT,
}
EXT_FIELDS = {
    "model": Field(values=MODELS),
    "voice_setting": Field(
        kind="object",
        fields={
            "speed": Field(kind="float", least=0.5, most=2.0),
            "vol": Field(kind="float", above=0.0, most=10.0),
            "pitch": Field(kind="integer", least=-12, most=12),
            "emotion": Field(values=EMOTIONS),
        },
    ),
    "audio_setting": Field(
        kind="object",
        fields={
            "sample_rate": Field(kind="integer", values=RATES),
            "format": Field(values=("wav", "mp3")),
            "bitrate": Field(kind="integer"),
            "duration": Field(kind="float"),
            "cut_silence": Field(kind="boolean"),
        },
    ),
}
"""Of a synthesis; neither model nor emotion, bitrate, duration or silence are followed here."""
