"""The published prices: each with a source and a day, each used, none made up."""

from datetime import date
from pathlib import Path

from provider_helpers import make_variant

from voicelab.lab import Lab
from voicelab.model import Batch
from voicelab.providers import PROVIDERS
from voicelab.providers.base import Price
from voicelab.providers.dashscope import DashScopeCosyVoice, DashScopeQwen
from voicelab.providers.minimax import INTERNATIONAL, MAINLAND, MiniMax
from voicelab.providers.prices import price_of, prices
from voicelab.providers.words import limits_text, price_text

KEY = "sk-nobody-nobody"
COSY_ID = "cosyvoice-v3-flash-vd-vl1-0123456789abcdef0123456789abcdef"
QWEN_ID = "qwen-tts-vd-vl1-voice-20261121120000000-0123"
MODELS = ("cosyvoice-v3.5-plus", "cosyvoice-v3.5-flash", "cosyvoice-v3-plus", "cosyvoice-v3-flash")


def test_every_price_names_its_source_its_day_and_its_currency() -> None:
    assert prices()
    for name, price in prices().items():
        assert price.source, name
        assert date.fromisoformat(price.as_of), name
        assert len(price.currency) == 3, name
        assert min(price.per_character, price.per_voice, price.per_kept_voice) >= 0, name


def test_every_price_is_some_providers() -> None:
    made = [
        *(MiniMax(api_key=KEY, base_url=url) for url in (INTERNATIONAL, MAINLAND)),
        MiniMax(api_key=KEY, model="speech-2.8-turbo"),
        *(DashScopeCosyVoice(api_key=KEY, target_model=model) for model in MODELS),
        DashScopeQwen(api_key=KEY),
    ]
    used = {price for one in made for price in (one.limits.price, one.speech_limits.price)}
    assert used - {None} == set(prices().values())


def test_a_provider_without_a_published_price_has_none() -> None:
    priced = {name for name, kind in PROVIDERS.items() if kind.published.price is not None}
    assert priced == {"minimax", "dashscope-cosyvoice", "dashscope-qwen"}


def test_a_made_voice_is_in_the_cost_and_sources_that_disagree_are_told(tmp_path: Path) -> None:
    qwen = DashScopeQwen(api_key=KEY)
    batch = Batch(variants=[make_variant()], providers=["dashscope-qwen"], takes=3)
    with Lab.open(tmp_path, providers=[qwen], live=True) as lab:
        sheet = lab.quote(batch)
    assert [planned.cost for planned in sheet.sendable] == [0.2] * 3
    assert sheet.costs == {"USD": 0.2 * 3}
    assert "USD 0.6000" in str(sheet)
    assert "(sources disagree)" in str(sheet)
    assert "; sources disagree: a copy of the guide has CNY 0.20)" in limits_text(qwen.limits)


def test_a_voice_that_speaks_costs_its_characters_at_the_price_of_its_own_model() -> None:
    cosyvoice, qwen = DashScopeCosyVoice(api_key=KEY), DashScopeQwen(api_key=KEY)
    flash = cosyvoice.limits_of(make_variant(voice_id=COSY_ID))
    assert flash.price == price_of("dashscope-speech-cosyvoice-v3-flash")
    assert flash.requests_per_minute == 1200
    plus = cosyvoice.limits_of(make_variant(voice_id="a-clone-of-somebody"))
    assert plus.price == price_of("dashscope-speech-cosyvoice-v3.5-plus")
    spoken = make_variant(voice_id=QWEN_ID, preview_text="a" * 600)
    limits = qwen.limits_of(spoken)
    assert limits.price is not None
    assert (limits.price.of_trial(600), limits.preview_characters) == (600 * 0.115e-4, 600)
    assert qwen.limits_of(make_variant()).price == price_of("dashscope-qwen-design")


def test_prices_are_told_in_words() -> None:
    known = {"currency": "USD", "source": "a page", "as_of": "2026-11-21"}
    assert price_text(Price(**known)).startswith("making a voice is free")
    assert price_text(Price(per_character=3e-5, per_kept_voice=3, **known)).startswith(
        "USD 0.03 per 1,000 characters and USD 3.00 for each voice you keep"
    )
