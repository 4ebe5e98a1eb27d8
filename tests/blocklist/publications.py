"""A store that can be published from, made through the store as the review UI makes it, and keys to sign with.

Its names are made up and asked of nobody but resolvers on loopback: a store that may list reserved ones is refused.
"""

import re
from pathlib import Path

from blocklist import key_files, sign
from blocklist.consumers import resolver
from blocklist.consumers.questions import NAMES, Use
from blocklist.entries import admit
from blocklist.gate import Gate
from blocklist.signers import Signers, load
from review_queue.categories import Category, Scope
from review_queue.hosts import parse_url
from review_queue.store import Store
from tests.blocklist.approvals import PEOPLE, case_of, decided


def approve_real(
    store: Store, *names: str, scope: Scope = Scope.HOST, category: Category = Category.VIOLENCE
) -> None:
    """Each name has an approved case of its own, and none may be listed though reserved."""
    for name in names:
        case = case_of(store, _site(name, scope), category)
        decided(store, case, name, scope, PEOPLE[:3])


def _site(name: str, scope: Scope) -> str:
    if scope is Scope.URL:
        return parse_url(name).host.name
    if scope in (Scope.HOST, Scope.DOMAIN):
        return name
    return f"{re.sub('[^0-9a-f]', '-', name).strip('-')}-zz-qalqan.kz"


def listed(store: Store, *names: str, scope: Scope = Scope.HOST) -> None:
    """Each name is an entry."""
    approve_real(store, *names, scope=scope)
    assert admit(store).refused == ()


def host(number: int) -> str:
    """A made-up host; each number has a site of its own."""
    return f"n{number:04}-zz-qalqan.kz"


def key_at(path: Path) -> Path:
    """A new minisign key stands there."""
    key_files.put_secret(path, sign.new_minisign_key())
    return path


def signers_at(path: Path) -> Signers:
    """The signers of a new minisign key that stands there."""
    return load(key_at(path), None, None)


def stand_in(binary: str, *command: str, deadline_s: float = 60) -> Gate:
    """A gate of a program that is no resolver."""
    use = Use("rpz", ("rpz.zone",), NAMES, settings="")
    program = resolver.Program("Stand-in", binary, "coreutils", {}, command, "--version", (use,))
    return Gate({"bind": resolver.consumer("bind", program)}, deadline_s=deadline_s)
