"""nftables, with the sets loaded in a network namespace that ends with the question, and packets sent through them.

Every address leads to the namespace itself, where somebody listens; what is listed cannot be reached there and
everything else can.
"""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from blocklist.consumers import programs
from blocklist.consumers.programs import DoesNotStartError
from blocklist.consumers.questions import (
    BLOCKED,
    NETWORKS,
    OPEN,
    Answers,
    Asked,
    Consumer,
    Question,
    Run,
    Use,
)

BINARY: Final = "nft"
PACKAGE: Final = "nftables"
RULES: Final = """
add chain inet qalqan out { type filter hook output priority 0; }
add rule inet qalqan out ip daddr @listed4 reject with tcp reset
add rule inet qalqan out ip6 daddr @listed6 reject with tcp reset
"""
# prints the addresses that are reached; all are tried at once, since a packet that is dropped is not answered
REACHED: Final = """
import selectors, socket, sys, time
waiting, servers = selectors.DefaultSelector(), []
for family, home in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    server = socket.socket(family)
    if family == socket.AF_INET6:
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    server.bind(("", 8080))
    server.listen(4096)
    for address in sys.argv[1:]:
        if (":" in address) == (family == socket.AF_INET6):
            client = socket.socket(family)
            client.setblocking(False)
            # the refusal goes back to where the packet came from, which must not be the listed address itself
            client.bind((home, 0))
            client.connect_ex((address, 8080))
            waiting.register(client, selectors.EVENT_WRITE, address)
    servers.append(server)
end = time.monotonic() + 3
while waiting.get_map() and time.monotonic() < end:
    for key, _ in waiting.select(0.1):
        if key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
            print(key.data)
        waiting.unregister(key.fileobj)
"""
_SCRIPT: Final = (
    "ip link set lo up; ip route add local default dev lo; ip -6 route add local default dev lo;"
    ' list="$1"; shift; nft -f "$list"; nft -f rules.nft; exec "$@"'
)
_CAN_S: Final = 10.0


def namespace() -> list[str]:
    """What runs a command in a network namespace of its own."""
    rights = [] if os.geteuid() == 0 else ["--map-root-user"]
    return [programs.path_of("unshare"), "--net", *rights, "--"]


def reached(path: Path, addresses: Sequence[str], run: Run) -> set[str]:
    """Those of the addresses that packets still reach once the file is loaded.

    Raises:
        DoesNotStartError: nft refused the file, or it took too long.
    """
    (run.folder / "rules.nft").write_text(RULES, encoding="ascii")
    (run.folder / "reached.py").write_text(REACHED, encoding="ascii")
    command = [*namespace(), programs.path_of("sh"), "-ec", _SCRIPT, "sh", str(path.absolute())]
    command += [sys.executable, "reached.py", *addresses]
    done = programs.told_by(command, run.folder, run.deadline)
    if done.returncode != 0:
        raise DoesNotStartError(f"it ended with {done.returncode}: {done.stderr.strip()}")
    return set(done.stdout.split())


def why_not_here() -> str:
    """Why no packets can be tried here; "" where they can."""
    for binary, package in ((BINARY, PACKAGE), ("ip", "iproute2"), ("unshare", "util-linux")):
        if reason := programs.missing(binary, package):
            return reason
    can = 'nft list ruleset; exec "$@"'
    command = [
        *namespace(),
        programs.path_of("sh"),
        "-ec",
        can,
        "sh",
        sys.executable,
        "-I",
        "-c",
        "",
    ]
    with programs.own_folder() as folder:
        try:
            done = programs.told_by(command, folder, time.monotonic() + _CAN_S)
        except DoesNotStartError:
            return f"a network namespace of its own took more than {_CAN_S:.0f} s to make"
    return "" if done.returncode == 0 else "it needs root, or a network namespace of its own"


def _answers(use: Use, lists: Path, questions: Sequence[Question], run: Run) -> Answers:
    open_ones = reached(lists / use.files[0], [each.what for each in questions], run)
    for question in questions:
        yield question, OPEN if question.what in open_ones else BLOCKED


CONSUMER: Final = Consumer(
    key="nftables",
    name="nftables",
    package=PACKAGE,
    asked=Asked.PACKETS,
    uses=(Use("nftables", ("nftables.nft",), NETWORKS),),
    why_not_here=why_not_here,
    version=lambda: programs.version_of(BINARY, "--version"),
    answers=_answers,
)
