"""Downloader middlewares: what happens to a request before it leaves, and to a response before it is read."""
