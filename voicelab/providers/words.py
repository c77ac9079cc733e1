"""What a provider takes, costs and means, in words for people."""

from voicelab.providers.base import Limits, Price, Provider


def where_text(provider: Provider) -> str:
    """Return in words what calling a provider means."""
    if provider.base_url is None:
        return "On this machine, free."
    if provider.emulated:
        return "Emulated on this machine: no vendor is called, nothing is spent."
    return "Live: this spends money."


def limits_text(limits: Limits) -> str:
    """Return limits in words.

    Examples
    --------
    >>> limits_text(Limits(preview_characters=500, requests_per_minute=20))
    'Preview text up to 500 characters, 20 requests a minute'
    """
    parts = []
    if limits.prompt_characters is not None:
        parts.append(f"prompt up to {limits.prompt_characters:,} characters")
    if limits.preview_characters is not None:
        parts.append(f"preview text up to {limits.preview_characters:,} characters")
    if limits.languages is not None:
        parts.append(f"languages {' '.join(limits.languages)}")
    if limits.requests_per_second is not None:
        parts.append(f"{limits.requests_per_second:g} requests a second")
    if limits.requests_per_minute is not None:
        parts.append(f"{limits.requests_per_minute:g} requests a minute")
    if limits.price is not None:
        parts.append(price_text(limits.price))
    text = ", ".join(parts) or "any length"
    return text[0].upper() + text[1:]


def price_text(price: Price) -> str:
    """Return a price in words.

    Examples
    --------
    >>> price_text(Price(per_voice=0.2, currency="USD", source="a page", as_of="2026-11-21"))
    'USD 0.20 for each voice'
    """
    amounts = {
        "per 1,000 characters": 1000 * price.per_character,
        "for each voice": price.per_voice,
        "for each voice you keep": price.per_kept_voice,
    }
    parts = [f"{price.currency} {amount:.2f} {what}" for what, amount in amounts.items() if amount]
    text = " and ".join(parts) or "making a voice is free"
    return f"{text} (sources disagree: {price.disputed})" if price.disputed else text
