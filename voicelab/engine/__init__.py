"""The engine alone sends, so it alone waits, retries and spends."""
