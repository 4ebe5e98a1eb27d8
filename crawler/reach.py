"""Whether somebody is there at all, asked beside the crawl."""

import socket


def takes_connections(address: tuple[str, int], *, timeout_s: float) -> bool:
    """Whether a connection to host and port of `address` can be made within `timeout_s`."""
    try:
        with socket.create_connection(address, timeout=timeout_s):
            return True
    except OSError:
        return False
