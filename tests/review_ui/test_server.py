"""The pages over a real socket."""

import http.client
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from review_queue.errors import AccountError
from review_ui.config import ServeConfig
from review_ui.server import serve
from review_ui.settings import settings_for

SERVE = """
import sys
from pathlib import Path
from review_ui.config import ServeConfig
from review_ui.server import serve
serve(
    ServeConfig(Path(sys.argv[1]), port=0, behind_tls=sys.argv[2] == "tls"),
    on_ready=lambda url: print(url, flush=True),
)
"""


@contextmanager
def served(data_dir: Path, *, behind_tls: bool = False) -> Iterator[str]:
    """The pages of `data_dir` are served by another process; gives their address."""
    command = [sys.executable, "-c", SERVE, str(data_dir), "tls" if behind_tls else "plain"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def _get(url: str, path: str, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(url.removeprefix("http://").rstrip("/"), timeout=20)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


def test_a_new_folder_is_served_at_once_and_names_no_software(tmp_path: Path) -> None:
    with served(tmp_path / "data") as url:
        assert _get(url, "/healthz").status == 200
        page = _get(url, "/login/")
        style = _get(url, "/static/review_ui/qalqan.css")

    assert page.status == style.status == 200
    assert page.getheader("Server") is None
    assert page.getheader("Strict-Transport-Security") is None


def test_behind_tls_cookies_are_bound_to_the_host_and_to_https(tmp_path: Path) -> None:
    with served(tmp_path / "data", behind_tls=True) as url:
        page = _get(url, "/login/", **{"X-Forwarded-Proto": "https"})

    cookie = page.getheader("Set-Cookie") or ""
    assert cookie.strip().startswith("__Host-qalqan_csrf=")
    assert "; Secure" in cookie
    assert "max-age=31536000" in (page.getheader("Strict-Transport-Security") or "")


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = ServeConfig(tmp_path / "data", port=taken.getsockname()[1])
        with pytest.raises(AccountError, match="choose another --port"):
            serve(config)


def test_the_settings_leave_nothing_open(tmp_path: Path) -> None:
    settings = settings_for(ServeConfig(tmp_path, host_names=("qalqan.unit.example",)))

    assert settings["DEBUG"] is False
    assert "qalqan.unit.example" in settings["ALLOWED_HOSTS"]
    assert "*" not in settings["ALLOWED_HOSTS"]
    assert not [app for app in settings["INSTALLED_APPS"] if "admin" in app]
    order = settings["MIDDLEWARE"]
    assert order.index("django.contrib.auth.middleware.LoginRequiredMiddleware") > order.index(
        "django.contrib.auth.middleware.AuthenticationMiddleware"
    )
