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
    """Return in words what a vendor takes for a voice, and what it costs.

    Examples
    --------
    >>> limits_text(Limits(preview_characters=500, requests_per_minute=20))
    'Preview text up to 500 characters, 20 requests a minute, no published price'
    """
    parts = []
    if limits.reference_s is not None:
        form = f", {limits.reference_form}" if limits.reference_form else ""
        parts.append("clones a recording of {:g} to {:g} s".format(*limits.reference_s) + form)
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
    if not limits.free:
        parts.append(price_text(limits.price) if limits.price else "no published price")
    return _sentence(parts or ["any length"])


def account_text(limits: Limits, *, end: str = "") -> str:
    """Return in words what else a vendor limits: of the account, and of what options can ask.

    `end` comes after them, where there are any.

    Examples
    --------
    >>> account_text(Limits(slots=100, sample_rates=(24000, 16000)))
    'Up to 100 voices in the account, trial audio at 24, 16 kHz'
    """
    parts = []
    if limits.slots is not None:
        parts.append(f"up to {limits.slots:,} voices in the account")
    if limits.sample_rates is not None:
        rates = ", ".join(f"{rate / 1000:g}" for rate in limits.sample_rates)
        parts.append(f"trial audio at {rates} kHz")
    if limits.speech_characters is not None:
        parts.append(f"kept voices say up to {limits.speech_characters:,} characters")
    if limits.speech_bytes is not None:
        parts.append(
            f"kept voices say up to {limits.speech_bytes:,} bytes (a Chinese character has three)"
        )
    if limits.names:
        parts.append(limits.names)
    return _sentence(parts) + end if parts else ""


def rules_text(kind: Provider | type[Provider]) -> str:
    """Return in sentences what to know before making voices at a vendor, and how long they last."""
    return " ".join(filter(None, (kind.warning, kind.lasting)))


def price_text(price: Price) -> str:
    """Return a price in words.

    Examples
    --------
    >>> price_text(Price(per_voice=0.2, currency="USD", source="a page", as_of="2026-11-21"))
    'USD 0.20 for each voice (read 2026-11-21)'
    """
    amounts = {
        "per 1,000 characters": 1000 * price.per_character,
        "for each voice": price.per_voice,
        "for each voice you keep": price.per_kept_voice,
    }
    parts = [f"{price.currency} {amount:.2f} {what}" for what, amount in amounts.items() if amount]
    text = " and ".join(parts) or "making a voice is free"
    disputed = f"; sources disagree: {price.disputed}" if price.disputed else ""
    return f"{text} (read {price.as_of}{disputed})"


def _sentence(parts: list[str]) -> str:
    text = ", ".join(parts)
    return text[0].upper() + text[1:]
