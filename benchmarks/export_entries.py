"""Made-up entries in the order of the canonical list, no two of one name.

60 of 100 are domains, 25 hosts, 10 URLs, 4 addresses, 1 networks.
"""

from collections.abc import Iterator

from review_queue.categories import Category, Scope
from review_queue.records import Entry


def entries(count: int, changed: int = 0) -> Iterator[Entry]:
    """So many made-up entries in order; with `changed`, every so many of them is another one."""
    kinds = (
        (Scope.IP, count * 4 // 100),
        (Scope.CIDR, count // 100),
        (Scope.URL, count // 10),
        (Scope.HOST, count - count * 15 // 100),
    )
    number = 0
    for scope, many in kinds:
        for at in range(many):
            number += 1
            new = changed and number % changed == 0
            yield _entry(number + (count if new else 0), scope, _name(scope, at, bool(new)))


def _name(scope: Scope, at: int, new: bool) -> str:  # noqa: FBT001
    match scope:
        case Scope.IP:
            return f"2620:4f:8000:{0x1000 + at // 7:x}::{1 + at % 7 + 7 * new:x}"
        case Scope.CIDR:
            return f"2620:4f:8000:{0x9000 + at:x}::/{64 + new}"
        case Scope.URL:
            return f"http://platform.zz-qalqan.kz/users/{at:07}/page{'s' * new}.html?p={at % 100}"
        case _:
            part = "xn--80aodfsg." if at % 20 == 0 else ""
            return f"n{at:07}{'b' * new}-{at * 7919 % 100_003}.{part}zz-qalqan.kz"


def _entry(number: int, scope: Scope, name: str) -> Entry:
    if scope is Scope.HOST and number % 17 > 4:  # 12 of 17 names are domains
        scope = Scope.DOMAIN
    moment = f"{1 + number % 28:02}T{number % 24:02}:{number % 60:02}:{number % 59:02}.{number % 1000:03}Z"
    return Entry(
        id=f"0198f2{number:018x}",
        scope=scope,
        name=name,
        unicode_name=name.replace("xn--80aodfsg.", "пример."),
        category=(Category.VIOLENCE, Category.SELF_HARM)[number % 2],
        case_ref=f"KZ-{number // 10000:04}-{number % 10000:04}",
        decision_ids=tuple(f"0198f1{number * 3 + each:018x}" for each in range(3)),
        people=3,
        policy_code="P-1",
        policy_version=1,
        legal_ground_code="G-1",
        legal_ground_version=1,
        listed_at=f"2026-01-{moment}",
        review_at=f"2026-07-{moment}",
        expires_at=f"2028-01-{moment}",
    )
