"""Serves the pages in one process: waitress over Django, static files from the package."""

import socket
from collections.abc import Callable
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from waitress.server import create_server

from review_queue.errors import AccountError, StoreMissingError
from review_queue.store import FILE_NAME, open_store
from review_ui.accounts import prepare
from review_ui.config import ServeConfig

_THREADS = 8
_MAX_BODY_BYTES = 128 * 1024  # Django refuses forms beyond 64 KiB, with a page that says so


def application(config: ServeConfig) -> WSGIHandler:
    """The WSGI application over the accounts and the store of `config`, both brought up to date.

    Raises:
        StoreMissingError: there is neither, so that a mistyped folder is not taken for a new one.
    """
    has_store = (config.data_dir / FILE_NAME).exists()
    if not has_store and not config.accounts_path.exists():
        raise StoreMissingError(
            f"neither accounts nor a store in {config.data_dir}; check --data, or begin with"
            " `qalqan users add`"
        )
    if has_store:  # one that cannot be opened is told of before anything is made beside it
        open_store(config.data_dir).close()
    prepare(config)
    open_store(config.data_dir).close()
    return get_wsgi_application()


def serve(config: ServeConfig, *, on_ready: Callable[[str], None] | None = None) -> None:
    """The pages are served until the process is interrupted; `on_ready` is told the address.

    Raises:
        StoreMissingError: there are neither accounts nor a store.
        AccountError: the address cannot be listened on.
    """
    app = application(config)
    with _listening(config) as listening:
        server = create_server(
            app,
            sockets=[listening],
            threads=_THREADS,
            ident="",
            max_request_body_size=_MAX_BODY_BYTES,
            clear_untrusted_proxy_headers=True,
            **_behind_proxy(config),
        )
        if on_ready:
            host = f"[{config.host}]" if ":" in config.host else config.host
            on_ready(f"http://{host}:{listening.getsockname()[1]}/")
        # returns on Ctrl+C, after the requests at work are done
        server.run()
        server.close()


def _listening(config: ServeConfig) -> socket.socket:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    try:
        return socket.create_server((config.host, config.port), family=family)
    except OSError as error:
        raise AccountError(
            f"cannot serve on {config.host}:{config.port} ({error.strerror}); choose another --port"
        ) from None


def _behind_proxy(config: ServeConfig) -> dict[str, Any]:
    if not config.behind_tls:
        return {}
    return {"trusted_proxy": "127.0.0.1", "trusted_proxy_headers": "x-forwarded-proto"}
