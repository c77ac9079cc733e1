"""One folder per lab: what was asked, what came back, and what people thought of it."""
