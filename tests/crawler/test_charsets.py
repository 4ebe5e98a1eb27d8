"""Bytes to text: declared, wrongly declared and undeclared."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.charsets import decode
from crawler.labels import codec_of

SUITE = Path("../shared/suites/charset-kazakh")
FLOOR = 42

RU = "Съешь ещё этих мягких французских булок, да выпей чаю. В лесу родилась ёлочка. Подъезд №5 — вход."
KK = "Қазақстан азаматтары өз құқықтарын қорғайды; мектепте үш сабақ бар, әке мен бала келді. Ғалымдар өңірде."
UK = "Україна є незалежною державою; її громадяни мають право на освіту і працю. Їжак біжить до лісу."


def test_the_kazakh_and_russian_suite_is_read_right() -> None:
    if not SUITE.exists():
        pytest.skip(f"{SUITE} is not here")
    cases = json.loads((SUITE / "index.json").read_text(encoding="utf-8"))

    right = [case for case in cases if case["text"] in decode((SUITE / case["file"]).read_bytes())]

    print(f"charset-kazakh: {len(right)} of {len(cases)}")  # noqa: T201  # the figure is quoted
    assert len(right) >= FLOOR


@pytest.mark.parametrize(
    ("text", "codec"),
    [(RU, c) for c in ("cp1251", "kz1048", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic")]
    + [(KK, c) for c in ("kz1048", "ptcp154", "utf-16-le", "utf-16-be", "utf-8")]
    + [(UK, c) for c in ("cp1251", "koi8-u", "iso8859-5", "mac-cyrillic")],
)
@pytest.mark.parametrize("head", ["", "<meta charset=iso-8859-1>", "<meta charset=hex>"])
def test_undeclared_and_wrongly_declared_cyrillic_is_read(text: str, codec: str, head: str) -> None:
    body = f"<html>{head}<p>{text}".encode(codec, "ignore")

    assert decode(body) == body.decode(codec)


@pytest.mark.parametrize(
    "text", ["Les élèves étaient très fâchés", "Größe und Straße", "naïve café", "plain", ""]
)
def test_western_text_is_not_taken_for_cyrillic(text: str) -> None:
    assert decode(text.encode("cp1252")) == text


def test_a_byte_order_mark_wins_over_what_is_declared() -> None:
    assert decode("\ufeffқала".encode(), "text/html; charset=windows-1251") == "қала"


def test_the_header_wins_over_the_meta_element() -> None:
    body = "<meta charset=koi8-r><p>Zażółć".encode("cp1250")

    assert decode(body, "text/html; charset=windows-1250").endswith("Zażółć")


def test_multibyte_text_is_read_as_declared() -> None:
    assert (
        decode("これは日本語です".encode("cp932"), "text/html; charset=Shift_JIS")
        == "これは日本語です"
    )
    assert (
        decode("これは日本語です".encode("iso2022-jp"), "text/html; charset=iso-2022-jp")
        == "これは日本語です"
    )


def test_a_few_broken_bytes_do_not_cost_the_rest_of_a_utf8_page() -> None:
    body = KK.encode() + b"\xff\xfe\xfa" + RU.encode()

    assert KK in decode(body)
    assert RU in decode(body, "text/html; charset=utf-8")


@pytest.mark.parametrize(
    "label", ["hex", "zlib_codec", "idna", "unicode_escape", "utf-7", "rot13", "base64", ""]
)
def test_labels_no_browser_takes_are_not_used(label: str) -> None:
    assert codec_of(label) == ""
    assert decode(
        f"<meta charset={label}>привет, мир".encode(), f"text/html; charset={label}"
    ).endswith("мир")


@pytest.mark.parametrize(
    ("label", "codec"), [(" UTF8 ", "utf-8"), ("Latin1", "cp1252"), ("KZ-1048", "kz1048")]
)
def test_labels_are_those_of_the_standard(label: str, codec: str) -> None:
    assert codec_of(label) == codec


@given(
    st.binary(max_size=2000),
    st.sampled_from(["", "text/html; charset=utf-16", "a; charset=gbk", "; charset=big5"]),
)
def test_no_bytes_raise(body: bytes, content_type: str) -> None:
    assert isinstance(decode(body, content_type), str)
