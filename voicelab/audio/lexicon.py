"""The only place that reads lexicon.toml: the words a local voice understands, and what they do."""

import functools
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Effect = Mapping[str, float | str]
Kind = Literal[
    "trait", "relative", "topic", "degree", "negation", "negation_of_next", "turn", "guard", "stop"
]

# Median pitch in Hz and vocal tract in percent of the stock voice, by gender and age.
BASES: dict[str, dict[str, tuple[float, float]]] = {
    "male": {
        "child": (265, 128),
        "teen": (145, 106),
        "young": (122, 101),
        "adult": (112, 100),
        "middle": (108, 99),
        "elder": (118, 98),
    },
    "female": {
        "child": (290, 132),
        "teen": (232, 120),
        "young": (215, 117),
        "adult": (200, 115),
        "middle": (190, 113),
        "elder": (178, 112),
    },
    "neutral": {
        "child": (278, 130),
        "teen": (185, 112),
        "young": (165, 108),
        "adult": (155, 107),
        "middle": (148, 106),
        "elder": (146, 105),
    },
}

# Traditional characters in the lexicon's words, so that both ways of writing are understood.
SIMPLIFIED = str.maketrans(
    "聲溫輕語調歲爺媽親壓細銳單氣軟順愛顫電機樂歡悅諧動熱興奮憂傷鬱憤兇惡嚴厲緊張懼慮驚靜莊專業貴經紀錄講說"
    "書員報廣體響話對悶蘭紐約粵東國標準極別較點絲帶沒無並應聽覺給風質發讀營設計樣時頓揚豐飽滿變闆緩從穩連飛節"
    "斷續潤實渾鏘鳴纖虛啞滄澀縹緲竊陰嬌膩純開藹懶詭權肅堅賣獸鐘擴讓與個這來幾懸圓鏗戲劇謐婦頭險條線兒學場現蒼"
    "邁靈俠將軍師級老闆詳細",
    "声温轻语调岁爷妈亲压细锐单气软顺爱颤电机乐欢悦谐动热兴奋忧伤郁愤凶恶严厉紧张惧虑惊静庄专业贵经纪录讲说"
    "书员报广体响话对闷兰纽约粤东国标准极别较点丝带没无并应听觉给风质发读营设计样时顿扬丰饱满变板缓从稳连飞节"
    "断续润实浑锵鸣纤虚哑沧涩缥缈窃阴娇腻纯开蔼懒诡权肃坚卖兽钟扩让与个这来几悬圆铿戏剧谧妇头险条线儿学场现苍"
    "迈灵侠将军师级老板详细",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What one word or phrase is for."""

    kind: Kind
    name: str = ""
    """Of the trait or topic."""
    factor: float = 1
    """Of a degree."""
    means: Mapping[str, str] = field(default_factory=dict)
    """Of a relative word: topic -> trait; "unsaid" where the clause has no topic."""
    may_follow: bool = False
    """Of a degree that may stand behind what it weakens."""


@dataclass(frozen=True, kw_only=True)
class Lexicon:
    """All words, and the effect of each trait."""

    entries: Mapping[str, Entry]
    effects: Mapping[str, Effect]


@functools.cache
def load() -> Lexicon:
    """Read the lexicon, once."""
    tables = tomllib.loads(Path(__file__).with_name("lexicon.toml").read_text("utf-8"))
    entries: dict[str, Entry] = {}
    for words, entry in rows(tables):
        for word in words:
            entries.setdefault(word, entry)
    return Lexicon(entries=entries, effects={row["name"]: row["effect"] for row in tables["trait"]})


def rows(tables: Mapping[str, Any]) -> Iterator[tuple[list[str], Entry]]:
    """List the lexicon's words with what they are for; the first use of a word counts."""
    for row in tables["trait"]:
        yield split(row), Entry(kind="trait", name=row["name"])
    for row in tables["relative"]:
        yield split(row), Entry(kind="relative", means=row["means"])
    for row in tables["topic"]:
        yield split(row), Entry(kind="topic", name=row["name"])
    after = split(tables["after"])
    for row in tables["degree"]:
        for word in split(row):
            yield (
                [word],
                Entry(kind="degree", factor=row["factor"], may_follow=word in after),
            )
    kinds: tuple[Kind, ...] = ("negation", "negation_of_next", "turn", "guard", "stop")
    for kind in kinds:
        yield split(tables[kind]), Entry(kind=kind)


def split(row: Mapping[str, Any]) -> list[str]:
    """Take a row's words apart."""
    words = f"{row.get('en', '')},{row.get('zh', '')}".split(",")
    return [word for word in map(str.strip, words) if word]
