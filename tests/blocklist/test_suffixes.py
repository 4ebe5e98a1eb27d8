import pytest

from blocklist.suffixes import suffixes
from review_queue.hosts import parse_host
from review_queue.overrides import Guard


def test_the_tables_say_of_every_rule_and_what_lies_below_what_the_list_says() -> None:
    known = suffixes()
    rules = {*known.exact, *known.parents, *known.exceptions}
    names = {
        *rules,
        *(f"a.{rule}" for rule in rules),
        *(f"b.a.{rule}" for rule in {*known.parents, *known.exceptions}),
    }

    told = {name: known.guard_of(name) is not None for name in names if "." in name}
    wanted = {name: parse_host(name).is_public_suffix for name in told}

    assert len(told) > 15_000
    assert told == wanted


@pytest.mark.parametrize(
    ("name", "guard"),
    [
        ("com.kz", Guard.PUBLIC_SUFFIX),
        ("org.kz", Guard.PUBLIC_SUFFIX),
        ("kobe.jp", Guard.PUBLIC_SUFFIX),
        ("any.kobe.jp", Guard.PUBLIC_SUFFIX),
        ("city.kobe.jp", None),
        ("github.io", Guard.SHARED_PLATFORM),
        ("netlify.app", Guard.SHARED_PLATFORM),
        ("someone.github.io", None),
        ("zz-qalqan.kz", None),
    ],
)
def test_a_registrys_suffix_and_a_platforms_are_told_apart(name: str, guard: Guard | None) -> None:
    assert suffixes().guard_of(name) is guard
