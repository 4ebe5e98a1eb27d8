"""Serves the pages in one process: waitress over Django, static files from the package."""

from collections.abc import Callable
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from waitress.server import BaseWSGIServer, MultiSocketServer, create_server

from review_queue.errors import AccountError
from review_queue.store import open_store
from review_ui.accounts import prepare
from review_ui.config import ServeConfig

_THREADS = 8


def application(config: ServeConfig) -> WSGIHandler:
    """The WSGI application over the accounts and the store of `config`, both brought up to date."""
    prepare(config)
    open_store(config.data_dir).close()
    return get_wsgi_application()


def serve(config: ServeConfig, *, on_ready: Callable[[str], None] | None = None) -> None:
    """The pages are served until the process is interrupted; `on_ready` is told the address.

    Raises:
        AccountError: the address cannot be listened on.
    """
    server = _server(config)
    try:
        if on_ready:
            on_ready(f"http://{config.host}:{_port(server)}/")
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        server.close()


def _server(config: ServeConfig) -> MultiSocketServer | BaseWSGIServer:
    behind: dict[str, Any] = (
        {"trusted_proxy": "127.0.0.1", "trusted_proxy_headers": "x-forwarded-proto"}
        if config.behind_tls
        else {}
    )
    try:
        return create_server(
            application(config),
            host=config.host,
            port=config.port,
            threads=_THREADS,
            ident="",
            max_request_body_size=64 * 1024,
            clear_untrusted_proxy_headers=True,
            **behind,
        )
    except OSError as error:
        raise AccountError(
            f"cannot serve on {config.host}:{config.port} ({error.strerror}); choose another --port"
        ) from None


def _port(server: MultiSocketServer | BaseWSGIServer) -> int:
    if isinstance(server, MultiSocketServer):
        return int(server.effective_listen[0][1])
    listening = server.socket
    return int(listening.getsockname()[1]) if listening else 0
