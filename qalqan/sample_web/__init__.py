"""A small web of our own on loopback: what the demo crawls, and an honest sample to see a model by."""
