"""Every reader of every vendor against replies no vendor should send."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from conversations import Conversation, conversations, read
from hypothesis import given, settings
from hypothesis import strategies as st
from limited import limited, needs_limits
from spoilt import BODIES, HEADERS, STATUSES, WRONG, answered, changed

from voicelab.errors import Unreadable
from voicelab.providers.base import Reply

CORPUS = sorted((Path(__file__).parent / "corpus").glob("reply-*.json"))


@pytest.fixture(scope="session", autouse=True)
def _held_before_any_clock_is_started() -> None:
    conversations()


def named(name: str) -> Conversation:
    return next(held for held in conversations() if held.name == name)


def spoil(held: Conversation, place: int, **changes: object) -> list[Reply]:
    replies = list(held.replies)
    place %= len(replies)
    replies[place] = replace(replies[place], **changes)  # type: ignore[arg-type]
    return replies


def test_every_good_conversation_is_read_as_it_was_held() -> None:
    ended = {held.name: read(held, held.replies) for held in conversations()}
    assert len(ended) > 30
    assert not {"Refused", "Throttled", "Unreachable", "Unreadable"} & set(ended.values())


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_no_vendor_should_send_is_one_error_on_its_row(body: bytes) -> None:
    for held in conversations():
        for place in range(len(held.replies)):
            for status in (200, 403, 503):
                read(held, spoil(held, place, content=body, status=status))


@pytest.mark.parametrize("name", [name for name in BODIES if name not in ("a BOM", "twice")])
def test_what_is_said_yes_to_with_no_sense_is_never_a_voice(name: str) -> None:
    for held in conversations():
        if held.name.endswith(("submit", "poll", "speak")):
            ended = read(held, spoil(held, 0, content=BODIES[name], status=200))
            assert ended not in ("Voice", "Task")


@pytest.mark.parametrize("value", WRONG, ids=lambda value: repr(value)[:30])
def test_a_value_that_was_not_due_is_one_error_on_its_row(value: object) -> None:
    for held in conversations():
        for place, reply in enumerate(held.replies):
            for content in each_part_replaced(reply.content, value):
                read(held, spoil(held, place, content=content))


def each_part_replaced(content: bytes, value: object) -> list[bytes]:
    """Return the answer with each of its parts in turn replaced by `value`."""
    try:
        answer = json.loads(content)
    except ValueError:
        return []

    def walk(node: object) -> list[object]:
        found: list[object] = [value]
        if isinstance(node, dict):
            found += [{**node, key: new} for key in node for new in walk(node[key])]
        if isinstance(node, list):
            found += [[new, *node[1:]] for new in walk(node[0])] if node else []
        return found

    return [json.dumps(new).encode() for new in walk(answer)]


@settings(max_examples=800)
@given(st.data())
def test_spoilt_answers_end_in_something_that_can_be_kept_or_in_an_error(
    data: st.DataObject,
) -> None:
    held = data.draw(st.sampled_from(conversations()))
    place = data.draw(st.integers(0, len(held.replies) - 1))
    spoilt = data.draw(st.sampled_from((answered, answered, answered, changed)))
    content = data.draw(spoilt(held.replies[place].content))
    status, headers = data.draw(st.sampled_from(STATUSES)), data.draw(st.sampled_from(HEADERS))
    read(held, spoil(held, place, content=content, status=status, headers=headers))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_what_once_broke_a_reader_breaks_it_no_more(path: Path) -> None:
    case = json.loads(path.read_text("utf-8"))
    replies = [
        Reply(status=status, headers={}, content=body.encode()) for status, body in case["replies"]
    ]
    assert read(named(case["of"]), replies) == case["ends"]


@pytest.mark.parametrize(
    ("text", "read_as"),
    [('"\\ud83d\\ude00"', "😀"), ('"\\ud83d!"', "?!"), ('"\\\\ud83d"', "\\ud83d"), ('"é"', "é")],
)
def test_half_a_character_becomes_a_question_mark(text: str, read_as: str) -> None:
    content = f'{{"a": {text}}}'.encode()
    assert Reply(status=200, headers={}, content=content).json() == {"a": read_as}


@pytest.mark.parametrize("name", ["NaN", "infinity", "overflow", "a long number", "no UTF-8"])
def test_what_strict_json_has_not_is_unreadable(name: str) -> None:
    with pytest.raises(Unreadable, match="is not JSON"):
        Reply(status=200, headers={}, content=BODIES[name]).json()


@needs_limits
def test_a_reply_of_a_million_lists_does_not_take_twenty_times_its_memory() -> None:
    told = limited(
        setup="from voicelab.providers.base import Reply",
        body="""
try:
    Reply(status=200, headers={}, content=b"[" + b"[]," * (20 * 2**20) + b"[]]").json()
except Exception as error:
    print(type(error).__name__)
""",
        more_mib=256,
    )
    assert told == "Unreadable"
