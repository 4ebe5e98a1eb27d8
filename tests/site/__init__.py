"""A small real web on loopback for the tests."""
