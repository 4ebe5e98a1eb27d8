"""The block page: help comes first, in three languages, with nothing from elsewhere and nothing made up."""

import base64
import hashlib
import os
import re
import shutil
import subprocess
import time
from http.client import HTTPConnection
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from lxml import etree

from blocklist.consumers import programs
from tests.provider.clients import KIT

PAGES = KIT / "page"
LANGUAGES = ("kk", "ru", "en")
EVERY = pytest.mark.parametrize("language", LANGUAGES)


def text_of(language: str) -> str:
    return (PAGES / f"{language}.html").read_text("utf-8")


def soup(language: str) -> BeautifulSoup:
    return BeautifulSoup(text_of(language), "lxml")


@EVERY
def test_a_page_is_valid(language: str) -> None:
    text = text_of(language)

    # every element is closed where it must be: XML's stricter parser has nothing to say either
    void = re.sub(r"<(meta [^>]*)>", r"<\1/>", text.removeprefix("<!DOCTYPE html>\n"))
    page = etree.fromstring(void, etree.XMLParser(resolve_entities=False))
    assert text.startswith("<!DOCTYPE html>\n")
    assert page.get("lang") == language
    assert [len(page.findall(f".//{name}")) for name in ("title", "h1", "main", "style")] == [1] * 4
    ids = [each.get("id") for each in page.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    assert {
        each.get("aria-labelledby") for each in page.iter() if each.get("aria-labelledby")
    } == set(ids)


@EVERY
def test_help_comes_first(language: str) -> None:
    page = soup(language)
    assert page.body is not None
    first = page.body.find(True)
    assert first is not None
    first = first.find(True)
    assert first is not None

    assert first["class"] == ["help"]
    assert first.find("h1") is not None
    assert len(first.find_all("mark")) == 2  # the help line, the emergency service
    assert page.body.get_text().index("451") > page.body.get_text().index(first.get_text())


def test_the_pages_say_the_same_and_lead_to_one_another() -> None:
    shapes = {tuple(each.name for each in soup(name).find_all(True)) for name in LANGUAGES}
    links = {name: [str(a["href"]) for a in soup(name).find_all("a")] for name in LANGUAGES}

    assert len(shapes) == 1
    for name in LANGUAGES:
        assert links[name] == [f"/.qalqan/{o}.html" for o in LANGUAGES if o != name]


@EVERY
def test_what_a_provider_must_put_in_is_marked_and_no_number_is_made_up(language: str) -> None:
    page = soup(language)
    marks = [mark.get_text() for mark in page.find_all("mark")]

    assert len(marks) == 7
    assert all(re.fullmatch(r"\[.+\]", mark) for mark in marks)
    assert page.body is not None
    assert re.findall(r"\d+", page.body.get_text()) == ["451"]


@EVERY
def test_nothing_comes_from_elsewhere_and_nothing_runs(language: str) -> None:
    text = text_of(language)

    assert not re.search(
        r"https?:|//|url\(|@import|<script|<img|<link|<iframe|<form|\son\w+=", text
    )


@EVERY
def test_the_page_is_plain_black_on_white(language: str) -> None:
    (style,) = re.findall(r"<style>(.*?)</style>", text_of(language), re.DOTALL)

    assert "background: #fff; color: #000;" in style
    assert set(re.findall(r"#[0-9a-f]+", style)) == {"#fff", "#000"}
    assert not re.search(r"rgb|hsl|opacity|filter|gradient", style)


def test_the_style_is_the_one_the_servers_allow() -> None:
    for name in LANGUAGES:
        (style,) = re.findall(r"<style>(.*?)</style>", text_of(name), re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        for server in ("nginx.conf", "page.cgi"):
            assert f"'sha256-{digest}'" in (PAGES / server).read_text()


def cgi(method: str = "GET", query: str = "", languages: str = "") -> str:
    return subprocess.run(
        ["sh", str(PAGES / "page.cgi")],
        env={"PATH": "/usr/bin:/bin", "REQUEST_METHOD": method, "QUERY_STRING": query,
             "HTTP_ACCEPT_LANGUAGE": languages},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip


def test_the_program_answers_451_with_the_page_that_was_asked_for() -> None:
    head, _, body = cgi().partition("\n\n")

    assert head.startswith("Status: 451 Unavailable For Legal Reasons\n")
    assert 'Link: <https://www.provider.example/>; rel="blocked-by"' in head
    assert body == text_of("kk")
    assert cgi(languages="ru-RU,ru;q=0.9").endswith(text_of("ru"))
    assert cgi(languages="ru", query="en").endswith(text_of("en"))
    assert cgi(languages="$(id)", query="../../etc/passwd").endswith(text_of("kk"))
    assert cgi(method="HEAD").endswith("\n\n")


def nginx(folder: Path, port: int) -> list[str]:
    text = (PAGES / "nginx.conf").read_text()
    text = text.replace("/var/lib/qalqan-page", str(PAGES)).replace(
        "    listen [::]:80 default_server;\n", ""
    )
    (folder / "site.conf").write_text(text.replace("listen 80", f"listen 127.0.0.1:{port}"))
    places = " ".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error; events {{}}\n"
        f"http {{ types {{ text/html html; }} {places} include {folder}/site.conf; }}\n"
    )
    return [
        "nginx",
        "-p",
        str(folder),
        "-c",
        str(folder / "nginx.conf"),
        "-e",
        str(folder / "error"),
    ]


def lighttpd(folder: Path, port: int) -> list[str]:
    text = (PAGES / "lighttpd.conf").read_text().replace("/var/lib/qalqan-page", str(PAGES))
    more = f'server.port = {port}\nserver.bind = "127.0.0.1"\n'
    (folder / "lighttpd.conf").write_text(text + more)
    return ["lighttpd", "-D", "-f", str(folder / "lighttpd.conf")]


@pytest.mark.parametrize("server", [nginx, lighttpd])
def test_the_sample_of_a_server_answers_451_to_whatever_is_asked(
    server: object, tmp_path: Path
) -> None:
    assert callable(server)
    port = programs.free_port()
    command = server(tmp_path, port)
    binary = shutil.which(command[0], path=f"{os.environ['PATH']}:{programs.PATH}")
    if binary is None:
        pytest.skip(f"{command[0]} is not installed (Debian: apt install {command[0]})")
    asked = {
        ("GET", "/", ""): "kk",
        ("GET", "/any/page?with=this", "ru"): "ru",
        ("POST", "/kk.html", "en-GB,en;q=0.5"): "en",
        ("GET", "/.qalqan/ru.html", "en"): "ru",
    }
    with programs.started(
        [binary, *command[1:]],
        tmp_path,
        lambda: programs.takes_connections(port),
        time.monotonic() + 20,
    ):
        found = {}
        for method, path, languages in asked:
            connection = HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request(
                method, path, headers={"Accept-Language": languages, "Host": "casino.example"}
            )
            answer = connection.getresponse()
            assert answer.status == 451
            assert answer.getheader("Link") == '<https://www.provider.example/>; rel="blocked-by"'
            assert answer.getheader("Content-Type") == "text/html; charset=utf-8"
            found[method, path, languages] = answer.read().decode()
            connection.close()

    assert found == {each: text_of(language) for each, language in asked.items()}
