"""Fetches sites into the store: seeds, frontier, address guard, extraction."""
