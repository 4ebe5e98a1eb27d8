"""Who gets which page: every route of the site against every role, and against nobody."""

import pytest
from django.test import Client

from review_queue import audit, imports, overrides, screenshots
from review_queue.overrides import Guard
from review_queue.records import Reviewer
from review_queue.store import Store
from review_ui.config import ServeConfig
from review_ui.roles import Role
from tests.review_queue.lives import an_import, taken_over
from tests.review_queue.takers import a_token
from tests.review_ui.conftest import SignedIn
from tests.review_ui.sites import PNG, a_waiting_case, an_unread_page

R, S, V, X, U, A = Role
STRANGER = Reviewer("f" * 32, "Fatima", "senior")
EVERYONE = set(Role)
READERS = {R, S, V, U}
LISTED = EVERYONE - {A}

# route: who may look, and what the page answers to anybody who is not signed in
ALLOWED: dict[str, set[Role]] = {
    "start": EVERYONE,
    "login": EVERYONE,
    "logout": EVERYONE,
    "language": EVERYONE,
    "queue": READERS,
    "referrals": READERS,
    "case": READERS,
    "picture": READERS,
    "unread": READERS,
    "unread_page": READERS,
    "crawls": {V, U},
    "crawl": {V, U},
    "export": {V, X, U},
    "entries": LISTED,
    "entry": LISTED,
    "imports": LISTED,
    "import": LISTED,
    "overrides": LISTED,
    "override": LISTED,
    "providers": {V, X, U},
    "provider": {V, X, U},
    "audit": {V, U},
    "account": EVERYONE,
    "health": EVERYONE,
}
OPEN_TO_STRANGERS = {"login": 200, "logout": 405, "language": 405, "health": 200}
REDIRECTS = {"start": 302, "login": 302, "logout": 405, "language": 405}
# route: the form that changes something there, and who may send it
CHANGES: dict[str, tuple[dict[str, str], set[Role]]] = {
    "case": ({"verdict": "cannot_tell", "reason": "Too short to judge."}, {R, S, V}),
    "unread_page": ({"finding": "nothing", "note": "A photo album."}, {R, S, V}),
    "export": ({"formats": "domains"}, {V, X}),
    "overrides": (
        {"guard": "rank", "scope": "host", "name": "a.kz", "reason": "All of it sells it."},
        {S, V},
    ),
    "override": ({"sign": "1"}, {S, V}),
    "entry": ({"lift": "1", "lift-reason": "mistake"}, {S, V}),
    "import": ({"sign": "1"}, {S, V}),
    "account": ({"comfort": "1"}, EVERYONE),
    "logout": ({}, EVERYONE),
    "language": ({"language": "kk", "next": "/login/"}, EVERYONE),
}


def _routes() -> dict[str, str]:
    from review_ui.urls import urlpatterns  # noqa: PLC0415  # needs Django set up

    return {str(pattern.name): f"/{pattern.pattern}" for pattern in urlpatterns}


def _address(name: str, store: Store) -> str:
    """The address of a page that is there to be looked at."""
    number = "1" if name == "crawl" else str(an_unread_page(store, f"{name}.example"))
    if name == "picture":
        screenshots.add(store, int(number), PNG)
    found = _routes()[name]
    if name == "crawl" or "<str:ref>" in found:
        found = found.replace("<str:ref>", a_waiting_case(store).ref)
    if "<str:override_id>" in found:
        asked = overrides.ask(store, Guard.RANK, "host", "b.kz", STRANGER, "It is bad.")
        found = found.replace("<str:override_id>", asked)
    if "<str:entry_id>" in found:
        an_import(store, taken_over("c.kz", entry_id="old-1"))
        found = found.replace("<str:entry_id>", "old-1")
    if name == "provider":
        a_token(store, "north-net")
        found = found.replace("<str:name>", "north-net")
    if name == "import":
        number = str(an_import(store, taken_over("d.kz"), people=1, sha256="d" * 64))
    return found.replace("<number:number>", number)


@pytest.mark.usefixtures("site")
def test_every_route_has_a_row_in_the_matrix() -> None:
    assert set(_routes()) == set(ALLOWED)


@pytest.mark.parametrize("name", ALLOWED)
@pytest.mark.parametrize("role", Role)
def test_a_role_sees_its_pages_and_no_other(
    name: str, role: Role, store: Store, signed_in: SignedIn
) -> None:
    status = signed_in(role).get(_address(name, store)).status_code

    assert status == (REDIRECTS.get(name, 200) if role in ALLOWED[name] else 403)


@pytest.mark.parametrize("name", ALLOWED)
def test_a_stranger_is_sent_to_sign_in(name: str, store: Store, stranger: Client) -> None:
    response = stranger.get(_address(name, store))

    if name in OPEN_TO_STRANGERS:
        assert response.status_code == OPEN_TO_STRANGERS[name]
    else:
        assert response.status_code == 302
        assert response.headers["Location"].startswith("/login/?next=")


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("role", Role)
def test_a_role_changes_what_it_may_and_nothing_else(
    name: str, role: Role, store: Store, signed_in: SignedIn
) -> None:
    form, allowed = CHANGES[name]

    response = signed_in(role).post(_address(name, store), form)

    if role in allowed:
        assert response.status_code == 302
    else:
        # an auditor may look at a case, so the refusal of the decision itself is a page with the reason
        assert response.status_code == (400 if name == "case" and role is U else 403)
    assert store.value("SELECT count(*) FROM decisions") == (name == "case" and role in allowed)
    assert store.value("SELECT count(*) FROM exports") == (name == "export" and role in allowed)
    assert len(overrides.standing(store)) == (name == "override" and role in allowed)
    assert store.value("SELECT count(*) FROM lifts") == (name == "entry" and role in allowed)
    assert len(imports.pending(store)) == (name == "import" and role not in allowed)
    settled = store.value("SELECT count(*) FROM unread WHERE state <> 'waiting'")
    assert settled == (name == "unread_page" and role in allowed)


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("name", sorted({*CHANGES, "login"}))
def test_a_form_without_its_token_is_refused(name: str, store: Store) -> None:
    from review_ui.models import Account  # noqa: PLC0415  # exists only once Django is set up

    client = Client(SERVER_NAME="127.0.0.1", enforce_csrf_checks=True)
    if name != "login":
        client.force_login(Account.objects.get(username="supervisor"))
    form = CHANGES[name][0] if name in CHANGES else {"username": "a", "password": "b"}

    response = client.post(_address(name, store), form)

    assert response.status_code == 403
    assert store.value("SELECT count(*) FROM decisions") == 0
    assert store.value("SELECT count(*) FROM exports") == 0


def test_a_refusal_is_in_the_audit_log(store: Store, signed_in: SignedIn) -> None:
    signed_in(Role.REVIEWER).get("/audit/")

    (row,) = audit.rows(store)
    assert (row.action, row.subject) == ("access_denied", "/audit/")


@pytest.mark.parametrize(
    ("role", "page"),
    [
        (R, "/queue/"),
        (S, "/queue/"),
        (V, "/queue/"),
        (U, "/queue/"),
        (X, "/export/"),
        (A, "/account/"),
    ],
)
def test_the_start_page_is_where_the_role_works(role: Role, page: str, signed_in: SignedIn) -> None:
    assert signed_in(role).get("/").headers["Location"] == page


def test_an_admin_has_no_page_of_the_domain_in_the_menu(signed_in: SignedIn) -> None:
    page = signed_in(Role.ADMIN).get("/account/").content.decode()

    for link in (
        "/queue/",
        "/referrals/",
        "/unread/",
        "/export/",
        "/entries/",
        "/imports/",
        "/overrides/",
        "/providers/",
        "/audit/",
        "/crawls/",
    ):
        assert f'href="{link}"' not in page


def test_pages_carry_the_headers_that_close_them_off(store: Store, signed_in: SignedIn) -> None:
    headers = signed_in(Role.SUPERVISOR).get(f"/case/{a_waiting_case(store).ref}/").headers

    policy = {part.strip() for part in headers["Content-Security-Policy"].split(";")}
    assert policy == {
        "default-src 'none'", "style-src 'self'", "img-src 'self'", "script-src 'self'",
        "connect-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
    }  # fmt: skip
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_static_files_come_from_the_package_and_may_be_cached(stranger: Client) -> None:
    response = stranger.get("/static/review_ui/qalqan.css")

    assert response.status_code == 200
    assert "max-age=300" in response.headers["Cache-Control"]
    assert "Access-Control-Allow-Origin" not in response.headers
    response.close()


def test_no_template_has_anything_inline(site: ServeConfig) -> None:
    from review_ui.settings import settings_for  # noqa: PLC0415  # beside its use

    (engine,) = settings_for(site)["TEMPLATES"]
    for path in sorted(engine["DIRS"][0].rglob("*.html")):
        text = path.read_text("utf-8")
        for forbidden in (
            " style=",
            "<style",
            " onclick",
            " onload",
            "javascript:",
            "|safe",
            "autoescape off",
        ):
            assert forbidden not in text, f"{path.name} has {forbidden}"
