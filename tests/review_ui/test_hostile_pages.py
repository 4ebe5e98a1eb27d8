"""Other people's attack strings as title, text and URL of a page: shown as text, never run."""

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from review_queue import entries, imports, overrides
from review_queue.blocks import normal
from review_queue.categories import Scope
from review_queue.errors import BadUrlError
from review_queue.overrides import Guard
from review_queue.records import Reviewer
from review_queue.store import Store
from review_ui.config import Beginning, Lent, ServeConfig
from review_ui.roles import Role
from tests.review_queue.lives import taken_over
from tests.review_queue.takers import a_receipt, a_token
from tests.review_ui.conftest import SignedIn
from tests.review_ui.sites import a_waiting_case, an_unread_page

SHOWN_CHARS = 4000
SUITES = Path(__file__).parents[3] / "shared" / "suites"
OWN = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7|add:7 }} {% load static %} {{ settings.SECRET_KEY }}",
    "%(name)s %s %d {0} {name}",
    "</title><base href=//evil.example/>",
    "\u202eelpmaxe\u202c \u2066 \u0000 \ud800",
    "javascript:alert(1)",
]


class Shape(HTMLParser):
    """What a browser would make of a page: its elements and their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        for name, value in attrs:
            if name in {"href", "src", "action", "formaction", "srcset", "poster", "data"}:
                self.addresses.append(value or "")
            if name.startswith("on") or name == "style":
                self.handlers.append(name)

    def handle_data(self, data: str) -> None:
        self.text += data


def _payloads() -> list[str]:
    found = list(OWN)
    blns, dompurify = (
        SUITES / "blns" / "blns.json",
        SUITES / "dompurify" / "dompurify_payloads.json",
    )
    if blns.exists():
        found += json.loads(blns.read_text("utf-8"))
    if dompurify.exists():
        found += [case["payload"] for case in json.loads(dompurify.read_text("utf-8"))]
    return found


def _path(host: str, payload: str) -> str:
    """The payload as the path of a URL where it can be one that a case offers to block."""
    try:
        normal(Scope.URL, f"https://{host}/{payload}")
    except BadUrlError:
        return "/"
    return f"/{payload}"


def _shape(client: Client, address: str) -> Shape:
    response = client.get(address)
    assert response.status_code == 200
    return Shape(response.content.decode())


def test_attack_strings_change_nothing_but_the_text(store: Store, signed_in: SignedIn) -> None:
    payloads = _payloads()
    client = signed_in(Role.SUPERVISOR)
    plain = a_waiting_case(store, "plain.example", title="Title", text="One\nTwo")
    expected = _shape(client, f"/case/{plain.ref}/")
    for n, payload in enumerate(payloads):
        # a title and a text of two lines, as the extraction would hand them over
        flat = " ".join(payload.encode("utf-8", "replace").decode().split()) or "-"
        path = _path(f"u{n}.example", flat)
        case = a_waiting_case(store, f"u{n}.example", title=flat, text=f"One\n{flat}", path=path)

        shape = _shape(client, f"/case/{case.ref}/")

        assert shape.elements == expected.elements, payload
        assert shape.handlers == [], payload
        assert all(one.startswith(("/", "#", "?")) for one in shape.addresses), payload
        assert f"https://u{n}.example" not in shape.text, payload
    if len(payloads) == len(OWN):
        pytest.skip(f"the payload suites are missing; only our own {len(OWN)} strings were tried")


def test_attack_strings_in_a_page_nobody_could_read_stay_text(
    site: ServeConfig, store: Store, signed_in: SignedIn
) -> None:
    flat = "\n".join(one.encode("utf-8", "replace").decode() for one in _payloads())
    bodies = [flat[n : n + SHOWN_CHARS] for n in range(0, len(flat), SHOWN_CHARS)]
    number = an_unread_page(store)
    client = signed_in(Role.SUPERVISOR)
    body = "plain"

    def beginning(_: Store, __: int, ___: int) -> Beginning:
        return Beginning(body, 9000, is_whole=False)

    settings.QALQAN = replace(site, lent=Lent(beginning_of=beginning))
    expected = _shape(client, f"/unread/{number}/")
    for body in bodies:
        shape = _shape(client, f"/unread/{number}/")

        assert set(shape.elements) == set(expected.elements), body
        assert shape.handlers == [], body
        assert all(one.startswith(("/", "#", "?")) for one in shape.addresses), body
        assert "http:" not in shape.text, body


def test_a_payload_is_shown_letter_for_letter(store: Store, signed_in: SignedIn) -> None:
    text = OWN[0] + OWN[1] + OWN[2] + OWN[3]
    case = a_waiting_case(store, title="x", text=f"One\n{text}")

    assert text in _shape(signed_in(Role.REVIEWER), f"/case/{case.ref}/").text


def test_no_address_a_stranger_wrote_is_shown_as_one(store: Store, signed_in: SignedIn) -> None:
    text = "One http://evil.test/a\nTwo https://evil.test and www.evil.test or evil.test\nThree"
    case = a_waiting_case(store, title="Title of http://evil.test", text=text)

    shape = _shape(signed_in(Role.REVIEWER), f"/case/{case.ref}/")

    # title and headings, the title of the other page, text and paragraphs; below, the evidence too
    assert shape.text.count("hxxp://evil[.]test") == 5
    assert shape.text.count("hxxps://evil[.]test and www[.]evil[.]test or evil[.]test") == 3
    assert "http:" not in shape.text
    assert "evil.test" not in shape.text


@pytest.mark.parametrize("field", ["title", "text"])
def test_hidden_and_turning_characters_are_spelled_out(
    field: str, store: Store, signed_in: SignedIn
) -> None:
    case = a_waiting_case(store, **{field: "safe\u202egnirts\u2066"})  # type: ignore[arg-type]  # a field each

    page = signed_in(Role.REVIEWER).get(f"/case/{case.ref}/").content.decode()

    assert "safe[U+202E]gnirts[U+2066]" in page
    assert "\u202e" not in page


def test_a_reason_and_a_name_of_a_colleague_are_escaped_too(
    store: Store, signed_in: SignedIn
) -> None:
    from review_ui.models import Account  # noqa: PLC0415  # exists only once Django is set up

    case = a_waiting_case(store)
    Account.objects.filter(username="reviewer").update(full_name=OWN[1])
    form = {"verdict": "cannot_tell", "reason": OWN[0], "stay": "1"}
    signed_in(Role.REVIEWER).post(f"/case/{case.ref}/", form)

    for role, page in ((Role.AUDITOR, f"/case/{case.ref}/"), (Role.AUDITOR, "/audit/")):
        shape = _shape(signed_in(role), page)
        assert "img" not in shape.elements[shape.elements.index("main") :]
        assert shape.elements.count("script") <= 1
        assert OWN[1] in shape.text


def test_what_stands_in_papers_reasons_and_receipts_stays_text(
    store: Store, signed_in: SignedIn
) -> None:
    attacks = [text for text in OWN if text.isprintable()]
    person = Reviewer("f" * 32, attacks[1], "senior")
    row = replace(taken_over("a.kz", entry_id="a"), papers=tuple(attacks))
    number = imports.prepare(
        store, source=attacks[0], file_sha256="a" * 64, file_name=attacks[1], rows=[(1, row)],
        person=person,
    )  # fmt: skip
    imports.sign(store, number, Reviewer("e" * 32, attacks[0], "senior"))
    asked = overrides.ask(store, Guard.RANK, "host", "a.kz", person, attacks[2])
    overrides.withdraw(store, asked, person, attacks[0])
    entries.record_export(store, serial=1, actor="t", manifest_sha256="0" * 64, counts={})
    a_receipt(store, a_token(store).token, 1, "refused", detail=" ".join(attacks))
    client = signed_in(Role.SUPERVISOR)

    for page in (
        *("/entries/?q=<script>&state=%22><img src=x>", "/entries/a/", "/imports/"),
        *(f"/imports/{number}/", "/overrides/", f"/overrides/{asked}/"),
        *("/providers/", "/providers/north-net/", "/overrides/?held=<script>"),
    ):
        shape = _shape(client, page)
        assert "img" not in shape.elements[shape.elements.index("main") :], page
        assert shape.elements.count("script") <= 1, page
        assert shape.handlers == [], page
        assert all(one.startswith(("/", "#", "?")) for one in shape.addresses), page
