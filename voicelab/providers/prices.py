"""The published prices, each with its source and the day it was read: `data/prices.toml`."""

import functools
import tomllib
from collections.abc import Mapping

from voicelab.providers.base import Price
from voicelab.shipped import shipped


@functools.cache
def prices() -> Mapping[str, Price]:
    """Return every published price, by what it is the price of."""
    text = shipped("prices.toml").read_text(encoding="utf-8")
    return {name: Price(**found) for name, found in tomllib.loads(text).items()}


def price_of(what: str) -> Price:
    """Return the published price of `what`, which must be in the file."""
    return prices()[what]
