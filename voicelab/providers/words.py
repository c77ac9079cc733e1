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
    """Return a price in words."""
    if not price.per_character and not price.per_kept_voice:
        return "making a voice is free"
    text = f"{price.currency} {1000 * price.per_character:.2f} per 1,000 characters"
    if price.per_kept_voice:
        text += f" and {price.currency} {price.per_kept_voice:.2f} for each voice you keep"
    return text
