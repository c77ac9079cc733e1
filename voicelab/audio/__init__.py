"""Bytes and samples: the built-in speech engine, and decoding and encoding of clips."""
