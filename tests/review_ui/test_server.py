"""The pages over a real socket."""

import http.client
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from review_queue.errors import AccountError, StoreMissingError, StoreTooNewError
from review_queue.store import open_store
from review_ui.accounts import prepare
from review_ui.config import ServeConfig
from review_ui.server import application, serve
from review_ui.settings import settings_for
from tests.review_ui.sites import close_accounts

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


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    close_accounts()


@contextmanager
def served(
    data_dir: Path, *, behind_tls: bool = False, stderr: Path | None = None
) -> Iterator[str]:
    """The pages of `data_dir` are served by another process; gives their address."""
    open_store(data_dir).close()
    command = [sys.executable, "-c", SERVE, str(data_dir), "tls" if behind_tls else "plain"]
    with (
        (stderr or data_dir / "stderr").open("wb") as told,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=told, text=True) as process,
    ):
        try:
            assert process.stdout
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def _ask(
    url: str, path: str, *, method: str = "GET", body: str | None = None, **headers: str
) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(url.removeprefix("http://").rstrip("/"), timeout=20)
    connection.request(method, path, body=body, headers=headers)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


def _get(url: str, path: str, **headers: str) -> http.client.HTTPResponse:
    return _ask(url, path, **headers)


def test_nothing_is_made_where_nothing_is_to_be_served(tmp_path: Path) -> None:
    with pytest.raises(StoreMissingError, match="neither accounts nor a store") as caught:
        serve(ServeConfig(tmp_path / "mistyped", port=0))

    assert "\n" not in str(caught.value)
    assert not (tmp_path / "mistyped").exists()


def test_beside_a_newer_store_nothing_is_made(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.run(
            "INSERT INTO _sqlite_migrations(migration_set, name, applied_at)"
            " SELECT migration_set, '9999_later', '2030-01-01' FROM _sqlite_migrations LIMIT 1"
        )

    with pytest.raises(StoreTooNewError, match="9999_later"):
        application(ServeConfig(tmp_path))

    assert {path.name.partition("-")[0] for path in tmp_path.iterdir()} == {"qalqan.sqlite3"}


def test_a_store_without_accounts_and_accounts_without_a_store_are_served(tmp_path: Path) -> None:
    open_store(tmp_path / "store").close()
    prepare(ServeConfig(tmp_path / "accounts"))

    for name in ("store", "accounts"):
        application(ServeConfig(tmp_path / name))
        assert {"accounts.sqlite3", "qalqan.sqlite3", "web-signing.key"} <= {
            path.name for path in (tmp_path / name).iterdir()
        }


def test_what_a_client_does_wrong_leaves_the_console_in_peace(tmp_path: Path) -> None:
    fields = "&".join(f"f{n}=1" for n in range(1_100))
    form = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": f"qalqan_csrf={'a' * 32}",
    }
    with served(tmp_path / "data", stderr=tmp_path / "stderr") as url:
        answers = [
            _get(url, "/login/", Host="evil.example"),
            _ask(url, "/login/", method="POST", body=fields, **form),
            _ask(url, "/login/", method="POST", body="x=" + "y" * 70_000, **form),
            _get(url, "/nowhere"),
            _ask(url, "/login/", method="POST", body="a=b", **form),
        ]

    assert [answer.status for answer in answers] == [400, 400, 400, 404, 403]
    assert (tmp_path / "stderr").read_text() == ""


def test_the_head_of_a_page_comes_without_the_page(tmp_path: Path) -> None:
    with served(tmp_path / "data") as url:
        address = url.removeprefix("http://").rstrip("/").rpartition(":")
        with socket.create_connection((address[0], int(address[2])), timeout=20) as connection:
            connection.sendall(
                b"HEAD /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
            )
            answer = b"".join(iter(lambda: connection.recv(65_536), b""))

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\n")


def test_a_folder_with_a_store_is_served_at_once_and_names_no_software(tmp_path: Path) -> None:
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
    open_store(tmp_path / "data").close()
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
