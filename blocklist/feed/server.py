"""The feed on a socket: waitress, with bounds on what a stranger may send and on how long they may take."""

import logging
import resource
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Final

from waitress.server import BaseWSGIServer, MultiSocketServer, create_server

from blocklist.feed.app import Feed, FeedConfig
from blocklist.feed.compressed import Compressed
from blocklist.feed.journal import Journal
from review_queue.errors import QalqanError
from review_queue.store import open_store

Server = BaseWSGIServer | MultiSocketServer
THREADS: Final = 8
MOST_CONNECTIONS: Final = 500
_HEADER_BYTES: Final = 16 * 1024  # a certificate as a header takes 4 KB
_BODY_BYTES: Final = 16 * 1024
_IDLE_S: Final = 60
_MOST_FILES: Final = (
    4096  # 1,024 usually: of 500 connections with a file each, and 264 that are kept, too few
)


class ListenError(QalqanError):
    """The address cannot be listened on."""


def serve(
    config: FeedConfig, host: str, port: int, *, on_ready: Callable[[str], None] | None = None
) -> None:
    """The lists are served until the process is interrupted; `on_ready` is told the address.

    Raises:
        StoreMissingError: there is no store, so that a mistyped folder is not taken for a new one.
        ListenError: the address cannot be listened on.
    """
    # of every moment in which more ask than there are threads; what waits is answered a little later
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    _allow_files()
    with served(config, host, port) as (url, server):
        if on_ready:
            on_ready(url)
        # returns on Ctrl+C, after the requests at work are done
        server.run()


@contextmanager
def served(config: FeedConfig, host: str, port: int) -> Iterator[tuple[str, Server]]:
    """The address, and a server that waits there for `run`; after the block all pulls are written down.

    Raises:
        StoreMissingError, ListenError: as `serve`.
    """
    open_store(config.data, create=False).close()
    with (
        _listening(host, port) as listening,
        closing(Compressed()) as compressed,
        Journal(config.data) as journal,
        closing(Feed(config, compressed, journal)) as feed,
    ):
        server = create_server(
            feed,
            sockets=[listening],
            threads=THREADS,
            connection_limit=MOST_CONNECTIONS,
            ident="",
            max_request_header_size=_HEADER_BYTES,
            max_request_body_size=_BODY_BYTES,
            channel_timeout=_IDLE_S,
            # A thread waits for a reader who has more than this to take and has asked for more: eight of them would
            # hold the feed. What is to be taken are open files and small pages; app.py allows only so many.
            outbuf_high_watermark=sys.maxsize,
            asyncore_use_poll=True,  # select() takes no handle above 1023, and ends the server at the first
            # who is believed is the feed's own question: see access.py
            clear_untrusted_proxy_headers=False,
        )
        shown = f"[{host}]" if ":" in host else host
        try:
            yield f"http://{shown}:{listening.getsockname()[1]}/", server
        finally:
            server.close()


def _allow_files() -> None:
    """As many files may be open as connections, what they take and what is kept need, or as many as we may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(_MOST_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise ListenError(
            f"cannot listen on {host}:{port} ({error.strerror}); name another one with --listen"
        ) from None
