"""A site for each test: its own store and accounts on disk, and a browser's side of the wire."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test import Client

from review_queue.store import Store, open_store
from review_ui.accounts import Person
from review_ui.config import ServeConfig
from review_ui.deciding import Officer
from review_ui.roles import Role
from review_ui.settings import configure
from tests.review_ui.sites import close_accounts, people

SignedIn = Callable[[Role], Client]


@pytest.fixture(scope="session")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[Role, Person]]]:
    """A data folder with one person of every role, made once: hashing passwords is slow on purpose."""
    folder = tmp_path_factory.mktemp("staffed")
    staff = people(ServeConfig(folder))
    close_accounts()
    yield folder, staff
    close_accounts()


@pytest.fixture
def site(tmp_path: Path, staffed: tuple[Path, dict[Role, Person]]) -> Iterator[ServeConfig]:
    """The configuration of a fresh site whose store is empty and whose staff is complete."""
    config = ServeConfig(tmp_path / "data")
    config.data_dir.mkdir()
    for path in staffed[0].iterdir():
        shutil.copy2(path, config.data_dir)
    configure(config)
    yield config
    close_accounts()


@pytest.fixture
def store(site: ServeConfig) -> Iterator[Store]:
    """The store of the site."""
    with open_store(site.data_dir) as opened:
        yield opened


@pytest.fixture
def staff(staffed: tuple[Path, dict[Role, Person]]) -> dict[Role, Officer]:
    """The people as decisions know them."""
    return {
        role: Officer(person.public_id, person.full_name, role)
        for role, person in staffed[1].items()
    }


@pytest.fixture
def signed_in(site: ServeConfig) -> SignedIn:
    """A browser in which the person of a role is signed in."""

    def sign_in(role: Role) -> Client:
        from review_ui.models import Account  # noqa: PLC0415  # exists only once Django is set up

        client = Client(SERVER_NAME=site.host)
        client.force_login(Account.objects.get(username=role.value))
        return client

    return sign_in


@pytest.fixture
def stranger(site: ServeConfig) -> Client:
    """A browser in which nobody is signed in; forged forms are refused as on the real site."""
    return Client(SERVER_NAME=site.host, enforce_csrf_checks=True)
