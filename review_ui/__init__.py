"""The web pages people decide on: Django as the web tier only, over the store and its own accounts file."""
