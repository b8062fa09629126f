"""A WeCom of its own on loopback, for the demo, development and tests; it imports nothing of Huitou."""
