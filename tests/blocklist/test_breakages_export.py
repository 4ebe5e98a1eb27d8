"""Every bad line that is known to break a resolver, as a writer's fault during a whole export: none is published."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from blocklist import lint, publish
from blocklist.entries import admit
from blocklist.formats import FORMATS
from blocklist.rendering import Format, View
from review_queue.categories import Scope
from review_queue.errors import ExportError
from review_queue.store import Store, open_store
from tests.blocklist.approvals import approve
from tests.blocklist.consumers_dns import POWERDNS, rpz_settings, running
from tests.blocklist.test_breakages import BAD_LINES, BAD_NAMES, SAY


@pytest.fixture(scope="module")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("data")) as store:
        approve(store, "casino.example", "shop.mixed.example")
        approve(store, "bad.example", scope=Scope.DOMAIN)
        admit(store)
        yield store


def faulty(form: str, file: str, bad_lines: str) -> dict[str, Format]:
    """The formats, one of which writes bad lines behind its list."""
    good = FORMATS[form]

    def lines(view: View) -> Iterator[str]:
        return chain(good.files[file](view), bad_lines.split("\n"))

    return {**FORMATS, form: replace(good, files={**good.files, file: lines})}


def published(folder: Path) -> dict[str, bytes]:
    """What a reader of the folder finds."""
    return {path.name: path.read_bytes() for path in (folder / "current").iterdir()}


def a_bad_export(
    store: Store, folder: Path, place: tuple[str, str], bad_lines: str, patch: pytest.MonkeyPatch
) -> None:
    """An export whose writer has the fault."""
    with patch.context() as fault:
        fault.setattr(publish, "FORMATS", faulty(*place, bad_lines))
        publish.export(store, folder, [place[0]], actor="test")


@pytest.mark.parametrize("place", SAY, ids=lambda place: place[1])
def test_no_bad_line_of_a_writer_is_published_and_the_last_good_list_stays(
    place: tuple[str, str], shared_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish.export(shared_store, tmp_path, [place[0]], actor="test")
    before = published(tmp_path)
    bad = [SAY[place].format(*[name] * 2) for name in BAD_NAMES.values()] + [*BAD_LINES.values()]

    reached = []
    for lines in bad:
        try:
            a_bad_export(shared_store, tmp_path, place, lines, monkeypatch)
        except (ExportError, UnicodeEncodeError):  # the second where it is not even ASCII
            continue
        reached.append(lines)

    assert reached == []
    assert published(tmp_path) == before


def test_without_the_last_check_a_bad_line_is_published_and_powerdns_blocks_everything(
    shared_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the last check is for: the test above would not see it gone if nothing else let the line through."""
    monkeypatch.setattr(lint, "check", lambda *_args, **_named: 0)

    a_bad_export(shared_store, tmp_path, ("rpz", "rpz.zone"), "* CNAME .", monkeypatch)

    with running(POWERDNS, tmp_path, rpz_settings(POWERDNS, tmp_path / "rpz.zone")) as resolver:
        assert resolver.state("egov.kz") == "blocked"
