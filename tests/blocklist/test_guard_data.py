from collections.abc import Callable
from datetime import date
from ipaddress import ip_network
from pathlib import Path

import pytest

from blocklist import guard_data
from blocklist.guard_data import GuardDataError, Kind, Networks, load, update
from blocklist.judging import judge_of
from review_queue.categories import Scope
from review_queue.errors import UnreadableInputError
from review_queue.store import Store

TODAY = date(2026, 11, 23)
Rows = Callable[..., Path]


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    """Makes a file of these lines."""

    def write(*lines: str) -> Path:
        path = tmp_path / "rows.csv"
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path

    return write


def written(data: Path, kind: Kind) -> list[str]:
    """The rows the unit has of the kind."""
    text = (data / "guards" / f"{kind}.txt").read_text()
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_our_own_data_are_there_with_date_and_licence() -> None:
    data = load(None)

    assert {(one.kind, one.is_ours) for one in data.sources} == {(kind, True) for kind in Kind}
    assert all(date.fromisoformat(one.dated) <= TODAY for one in data.sources)
    assert {one.kind: one.rows for one in data.sources}["rank"] > 20_000
    folder = Path(guard_data.__file__).with_name("guard_data")
    for kind in Kind:
        assert "\n# licence: CC0-1.0\n" in (folder / f"{kind}.txt").read_text()
        assert f"`{kind}.txt`" in (folder / "SOURCES.md").read_text()


@pytest.mark.parametrize("kind", Kind)
def test_every_row_of_our_own_data_is_one_an_update_would_take(kind: Kind, tmp_path: Path) -> None:
    ours = Path(guard_data.__file__).with_name("guard_data") / f"{kind}.txt"

    taken = update(tmp_path, kind, ours, TODAY, today=TODAY, may_shrink=True)

    assert taken.bad == ()
    assert written(tmp_path, kind) == [
        row for row in ours.read_text().splitlines() if not row.startswith("#")
    ]


def test_a_rank_list_is_taken_as_others_hand_it_out(rows: Rows, tmp_path: Path) -> None:
    file = rows(
        "# a comment",
        "1,Google.com",
        "www.shop-qalqan.kz",
        "https://www.forum-qalqan.kz,1000",
        "қазақша-qalqan.kz",
        "",
        "2,google.com",
    )

    taken = update(tmp_path, Kind.RANK, file, TODAY, today=TODAY, may_shrink=True)

    assert taken.bad == ()
    assert written(tmp_path, Kind.RANK) == [
        "google.com",
        "shop-qalqan.kz",
        "forum-qalqan.kz",
        "xn---qalqan-1fgaa9ezk94bda.kz",
    ]


def test_bad_rows_are_named_by_their_line_and_the_good_ones_are_taken(
    rows: Rows, tmp_path: Path
) -> None:
    file = rows("one-qalqan.kz", "two words", "kz", "93.184.216.34", "x" * 3000, "two-qalqan.kz")

    taken = update(tmp_path, Kind.RANK, file, TODAY, today=TODAY, may_shrink=True)

    assert written(tmp_path, Kind.RANK) == ["one-qalqan.kz", "two-qalqan.kz"]
    assert [row.line for row in taken.bad] == [2, 3, 4, 5]
    assert "not a host name" in taken.bad[0].reason
    assert "rank list has names" in taken.bad[2].reason


def test_addresses_networks_and_names_below_are_taken_where_they_may_be(
    rows: Rows, tmp_path: Path
) -> None:
    file = rows(".edge-qalqan.net", "93.184.216.34/32", "2606:2800::/32", "93.184.216.1/24")

    taken = update(tmp_path, Kind.CDN, file, TODAY, today=TODAY, may_shrink=True)

    assert written(tmp_path, Kind.CDN) == [".edge-qalqan.net", "93.184.216.34", "2606:2800::/32"]
    assert [row.line for row in taken.bad] == [4]


def test_a_newer_rank_list_takes_the_place_of_ours_and_own_names_come_on_top(
    rows: Rows, store: Store
) -> None:
    data = store.path.parent

    def guard_of(name: str) -> str:
        refusal = judge_of(store).refusal(Scope.HOST, name)
        return refusal.guard if refusal else ""

    update(data, Kind.RANK, rows("zz-qalqan.kz"), TODAY, today=TODAY, may_shrink=True)
    update(data, Kind.NEVER_BLOCK, rows("yy-qalqan.kz"), TODAY, today=TODAY)

    assert (guard_of("zz-qalqan.kz"), guard_of("youtube.com")) == ("rank", "")
    assert (guard_of("a.yy-qalqan.kz"), guard_of("egov.kz")) == ("never_block", "never_block")
    kinds = [(one.kind, one.is_ours) for one in load(data).sources]
    assert kinds == [
        ("rank", False),
        ("cdn", True),
        ("never_block", True),
        ("never_block", False),
        ("protective", True),
    ]


def test_a_second_update_is_seen_at_once(rows: Rows, store: Store) -> None:
    for name in ("zz-qalqan.kz", "yy-qalqan.kz"):
        update(store.path.parent, Kind.RANK, rows(name), TODAY, today=TODAY, may_shrink=True)
        assert judge_of(store).refusal(Scope.HOST, name) is not None
    assert judge_of(store).refusal(Scope.HOST, "zz-qalqan.kz") is None


def test_a_file_without_one_good_row_changes_nothing(rows: Rows, tmp_path: Path) -> None:
    update(tmp_path, Kind.RANK, rows("one-qalqan.kz"), TODAY, today=TODAY, may_shrink=True)

    for lines in ((), ("<!DOCTYPE html>",), ("kz",)):
        with pytest.raises(GuardDataError, match="no row that can be used"):
            update(tmp_path, Kind.RANK, rows(*lines), TODAY, today=TODAY, may_shrink=True)

    assert written(tmp_path, Kind.RANK) == ["one-qalqan.kz"]


def test_a_date_to_come_and_a_file_that_is_not_there_are_named(rows: Rows, tmp_path: Path) -> None:
    with pytest.raises(GuardDataError, match="still to come"):
        update(tmp_path, Kind.RANK, rows("one-qalqan.kz"), date(2026, 11, 24), today=TODAY)
    with pytest.raises(UnreadableInputError, match="cannot read"):
        update(tmp_path, Kind.RANK, tmp_path / "nothing", TODAY, today=TODAY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "zz-qalqan.kz\n",
        "# dated: soon\n",
        "# dated: 2026-01-01\nқ\n",
        "# dated: 2026-01-01\n# rows: 2\nzz-qalqan.kz\n",  # cut off
    ],
)
def test_data_that_no_update_wrote_are_not_relied_on(text: str, tmp_path: Path) -> None:
    (tmp_path / "guards").mkdir()
    (tmp_path / "guards" / "rank.txt").write_text(text, encoding="utf-8")

    with pytest.raises(GuardDataError, match="qalqan guards update --kind rank"):
        load(tmp_path)


def test_a_row_that_is_no_network_is_damage_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / "guards").mkdir()
    (tmp_path / "guards" / "cdn.txt").write_text("# dated: 2026-01-01\n1.2.3.999\n")

    with pytest.raises(GuardDataError, match=r"damaged \('1\.2\.3\.999' .*cdn\.txt"):
        load(tmp_path)


def test_what_is_damaged_is_mended_by_an_update(rows: Rows, tmp_path: Path) -> None:
    (tmp_path / "guards").mkdir()
    for kind in (Kind.NEVER_BLOCK, Kind.RANK):
        (tmp_path / "guards" / f"{kind}.txt").write_text("damaged\n")

    with pytest.raises(GuardDataError, match="add --smaller"):  # than what came with the program
        update(tmp_path, Kind.RANK, rows("one-qalqan.kz"), TODAY, today=TODAY)
    update(tmp_path, Kind.RANK, rows("one-qalqan.kz"), TODAY, today=TODAY, may_shrink=True)
    update(tmp_path, Kind.NEVER_BLOCK, rows("two-qalqan.kz"), TODAY, today=TODAY)

    assert load(tmp_path).holds(Kind.NEVER_BLOCK, "two-qalqan.kz")


def test_a_network_is_found_by_any_address_it_shares() -> None:
    known = Networks(map(ip_network, ["93.184.216.0/28", "93.184.217.1", "2606:2800::/32"]))

    assert known.touch(ip_network("93.184.216.15"))
    assert known.touch(ip_network("93.184.216.0/24"))
    assert known.touch(ip_network("93.184.217.1"))
    assert known.touch(ip_network("2606:2800:1::1"))
    assert not known.touch(ip_network("93.184.216.16"))
    assert not known.touch(ip_network("93.184.217.0/32"))
    assert not known.touch(ip_network("93.184.215.0/24"))
    assert not known.touch(ip_network("2606:2801::/48"))
