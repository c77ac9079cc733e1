"""The only place that reads an age in years: "in his fifties", "60-year-old", 五十多岁."""

import re
from collections.abc import Iterator

# Oldest age in years of each group.
GROUPS = (("child", 12), ("teen", 17), ("young", 30), ("adult", 44), ("middle", 59), ("elder", 130))

ONES = "one|two|three|four|five|six|seven|eight|nine"
TEENS = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
ENGLISH = {
    **{word: number for number, word in enumerate(f"{ONES}|{TEENS}".split("|"), 1)},
    **{word: 10 * number for number, word in enumerate(TENS.split("|"), 2)},
}
DECADES = {f"{word[:-1]}ies": 10 * number for number, word in enumerate(TENS.split("|"), 2)}
CHINESE = {character: number for number, character in enumerate("零一二三四五六七八九")} | {"两": 2}

NUMBER = rf"\d{{1,3}}|(?:{TENS})(?:[\s-]+(?:{ONES}))?|{TEENS}|{ONES}"
HAN_NUMBER = r"\d{1,3}|[一二三四五六七八九十百两]{1,4}"
PART = r"(?:(?P<part>early|mid|late)[\s-]*)?(?:to[\s-]+late[\s-]+)?"
PARTS = {"early": 2, "mid": 5, "late": 8}
PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b{PART}(?P<decade>{'|'.join(DECADES)})\b",
        rf"(?<=\b(?:his|her|the)\s){PART}(?P<tens>[2-9]0)'?s\b",
        rf"(?<=\btheir\s){PART}(?P<tens>[2-9]0)'?s\b",
        rf"\b(?P<years>{NUMBER})[\s-]*(?:years?|yrs?)[\s-]*(?:old|of age)\b",
        rf"\b(?P<years>{NUMBER})[\s-]*y/?o\b",
        rf"\b(?:aged?|age of)[\s:]+(?:(?:about|around)\s+)?(?P<years>{NUMBER})\b",
        rf"(?P<han>{HAN_NUMBER})(?P<some>多|几|来|余)?岁(?:出头|左右|上下)?",
        rf"(?P<han>{HAN_NUMBER})(?P<some>出头)",
        r"(?P<score>[五六七八九])旬",
    )
)


def find(text: str) -> Iterator[tuple[int, int, int]]:
    """Find the ages in a text in lower case: start, end, years."""
    for pattern in PATTERNS:
        for match in pattern.finditer(text):
            if 0 < (age := years(match.groupdict())) <= GROUPS[-1][1]:
                yield match.start(), match.end(), age


def years(found: dict[str, str | None]) -> int:
    """Work out the years that one of the patterns found."""
    values = {name: value for name, value in found.items() if value}
    part = PARTS[values.get("part", "mid")]
    if "decade" in values:
        return DECADES[values["decade"]] + part
    if "tens" in values:
        return int(values["tens"]) + part
    if "years" in values:
        return english_number(values["years"])
    if "score" in values:
        return 10 * CHINESE[values["score"]] + 5
    some = {"": 0, "出头": 2}.get(values.get("some", ""), 5)
    return han_number(values["han"]) + some


def english_number(text: str) -> int:
    """Read a number below 100 in words, or any in digits."""
    if text.isdigit():
        return int(text)
    return sum(ENGLISH[word] for word in re.split(r"[\s-]+", text))


def han_number(text: str) -> int:
    """Read a number below 200 in digits or Chinese characters."""
    if text.isdigit():
        return int(text)
    hundreds, _, rest = text.rpartition("百")
    tens, ten, ones = rest.rpartition("十")
    total = 100 * CHINESE.get(hundreds, 1) if "百" in text else 0
    return total + (10 * CHINESE.get(tens, 1) if ten else 0) + CHINESE.get(ones, 0)


def group(age: int) -> str:
    """Name the group of an age in years."""
    return next(name for name, oldest in GROUPS if age <= oldest)
