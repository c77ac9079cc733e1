"""The published prices: each with a source and a day, each used, none made up."""

from datetime import date

from voicelab.providers import PROVIDERS
from voicelab.providers.prices import prices


def test_every_price_names_its_source_its_day_and_its_currency() -> None:
    assert prices()
    for name, price in prices().items():
        assert price.source, name
        assert date.fromisoformat(price.as_of), name
        assert len(price.currency) == 3, name
        assert price.per_character >= 0, name


def test_a_provider_without_a_published_price_has_none() -> None:
    priced = {name for name, kind in PROVIDERS.items() if kind.published.price is not None}
    assert priced <= {"minimax", "dashscope-cosyvoice"}
