"""The last check of a long list, in a process of its own beside the writing: the same verdict, and gone with it."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from blocklist import checking, listing
from blocklist.checker import Growing
from blocklist.consumers import programs
from blocklist.formats import FORMATS
from blocklist.rendering import Format, View
from blocklist.snapshots import Snapshot
from review_queue.categories import Scope
from review_queue.errors import ExportError
from tests.blocklist.samples import HEADING, domain, entry, ordered
from tests.blocklist.test_publication_killed import left_in, running_in

ENTRIES = ordered(
    [
        domain("bad.example"),
        entry("shop.mixed.example"),
        entry("a.bad.example"),
        entry("192.88.99.66"),  # a host, and no name
        entry("192.88.99.66", Scope.IP),
        entry("2620:4f:8000::/48", Scope.CIDR),
        entry("http://platform.example/a'b?c=%22&d", Scope.URL),
        *(domain(f"n{number:02}.zz-qalqan.kz") for number in range(50)),
    ]
)
FILES = [(form.name, file) for form in FORMATS.values() for file in form.files]
HELD = """
import sys, time
from pathlib import Path
from blocklist import checking
if sys.argv[2] == "untied":
    checking.tied = list
with checking.beside(Path(sys.argv[1]), 7) as checks:
    checks.begin("domains", "domains.txt")
    print("begun", flush=True)
    time.sleep(60)
"""


def written(folder: Path, formats: list[Format], long: int) -> listing.Written:
    """The list in these formats, which is a long one from so many entries on."""
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checking, "LONG", long)
        return listing.write(Snapshot(folder), iter(ENTRIES), formats, HEADING, lambda _each: "")


def refused(folder: Path, formats: list[Format], long: int) -> str:
    """What is wrong with the list."""
    with pytest.raises(ExportError, match="line ") as found:
        written(folder, formats, long)
    assert type(found.value) is ExportError
    return str(found.value)


def test_a_long_list_is_written_like_a_short_one(tmp_path: Path) -> None:
    formats = [*FORMATS.values()]

    long, short = (written(tmp_path / str(each), formats, each) for each in (20, 1000))

    assert long.formats == short.formats
    assert long.snapshot.files == short.snapshot.files
    assert len(long.snapshot.files) > len(FILES)


@pytest.mark.parametrize(("form", "file"), FILES)
def test_a_bad_line_in_any_file_of_a_long_list_is_named_as_in_a_short_one(
    form: str, file: str, tmp_path: Path
) -> None:
    bad = _with_a_bad_line(FORMATS[form], file)

    assert refused(tmp_path / "long", [bad], 20) == refused(tmp_path / "short", [bad], 1000)


def _with_a_bad_line(form: Format, file: str) -> Format:
    def lines(view: View) -> Iterator[str]:
        return chain(form.files[file](view), ["* CNAME ."])

    return replace(form, files={**form.files, file: lines})


def test_a_name_that_is_in_no_entry_is_in_no_long_list(tmp_path: Path) -> None:
    def lines(_view: View) -> Iterator[str]:
        return iter(["bad.example", "*.bad.example", "zoo.example"])

    told = refused(
        tmp_path / "list", [replace(FORMATS["domains"], files={"domains.txt": lines})], 1
    )

    assert "line 3 of the new list has a name that is not in the canonical list" in told


def test_a_file_is_checked_as_far_as_it_is_written(tmp_path: Path) -> None:
    with checking.beside(tmp_path, 7) as checks, (tmp_path / "domains.txt").open("wb") as file:
        checks.learn({Scope.HOST: ["a.mixed.example"]})
        checks.begin("domains", "domains.txt")
        for text in (b"a.mixed.ex", b"ample\nb.mixed.example\nc.", b"mixed.example\n"):
            file.write(text)
            file.flush()
            checks.learn({Scope.HOST: ["b.mixed.example", "c.mixed.example"]})
            checks.grown("domains.txt", file.tell())
        checks.whole("domains.txt")
        checks.wait()


@pytest.mark.parametrize("more", [b"d.mixed.exa", b"D.mixed.example\n", b"\xff\n", b"\n"])
def test_the_end_of_a_file_is_checked_too(tmp_path: Path, more: bytes) -> None:
    with checking.beside(tmp_path, 7) as checks:
        checks.learn({Scope.HOST: ["a.mixed.example"]})
        checks.begin("domains", "domains.txt")
        (tmp_path / "domains.txt").write_bytes(b"a.mixed.example\n" + more)
        checks.grown("domains.txt", 5)
        checks.whole("domains.txt")
        with pytest.raises(ExportError, match="line 2 of the new list"):
            checks.wait()


def test_where_the_checking_process_ends_nothing_has_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "tied", lambda _command: ["/bin/sh", "-c", "kill -9 $$"])

    with pytest.raises(checking.CheckEndedError, match="ended with -9"):
        written(tmp_path / "list", [*FORMATS.values()], 20)


def test_what_stands_in_the_folder_it_is_started_from_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "blocklist").mkdir()
    (tmp_path / "blocklist/__init__.py").touch()
    (tmp_path / "blocklist/checker.py").write_text("print('{}')\n")
    monkeypatch.chdir(tmp_path)

    with checking.beside(tmp_path, 7) as checks:
        checks.begin("domains", "no-such-file.txt")
        checks.whole("no-such-file.txt")
        with pytest.raises(checking.CheckEndedError):
            checks.wait()


def test_a_checking_process_that_cannot_be_started_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "tied", lambda _command: [str(tmp_path / "none")])

    with pytest.raises(checking.CheckNotBegunError, match="could not be started"):
        written(tmp_path / "list", [*FORMATS.values()], 20)


def test_where_the_check_of_a_file_breaks_nothing_has_passed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with checking.beside(tmp_path, 7) as checks:
        checks.begin("domains", "no-such-file.txt")
        checks.whole("no-such-file.txt")
        with pytest.raises(checking.CheckEndedError, match="ended with 1"):
            checks.wait()

    assert "no-such-file.txt" in capfd.readouterr().err


@pytest.mark.parametrize("how", ["tied", "untied"])
def test_the_checking_process_is_gone_with_the_one_that_writes(tmp_path: Path, how: str) -> None:
    """Where the system has no way to tie them, the end of its input tells it."""
    if how == "tied" and not programs.path_of("setpriv"):
        pytest.skip("setpriv is not installed (Debian: apt install util-linux)")
    with subprocess.Popen(
        [sys.executable, "-c", HELD, str(tmp_path), how], stdout=subprocess.PIPE
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == b"begun\n"
        both = running_in(tmp_path)
        program.kill()

    assert len(both) == 2
    assert left_in(tmp_path) == []


def test_of_a_file_no_more_is_read_than_was_told(tmp_path: Path) -> None:
    """What stands behind may be of names that are not told yet."""
    (tmp_path / "list").write_bytes(b"a.mixed.example\nb.mixed.example\n")
    growing = Growing(tmp_path / "list")

    growing.grow(5)
    first = growing.read(100)
    growing.grow(16)
    second = growing.read(100)
    growing.end()

    assert (first, second, growing.read()) == (b"a.mix", b"ed.example\n", b"b.mixed.example\n")
    growing.close()


def test_a_checking_process_that_hangs_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "tied", lambda _command: ["/bin/sh", "-c", "exec sleep 1000"])

    with pytest.raises(KeyError), checking.beside(tmp_path, 7):
        raise KeyError


def test_the_checking_process_is_gone_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError), checking.beside(tmp_path, 7) as checks:  # noqa: PT012
        checks.begin("domains", "domains.txt")
        raise KeyError

    assert left_in(tmp_path) == []
