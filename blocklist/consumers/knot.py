"""Knot Resolver, with a policy zone from a file; version 5.6 ignores rules on addresses, and a garden altogether."""

from typing import Final

from blocklist.consumers import resolver
from blocklist.consumers.questions import NAMES, Use

_ZONE: Final = "policy.add(policy.rpz(policy.DENY, '{folder}/FILE', false))"


def zone(file: str) -> str:
    """The settings that load the policy zone in `file`."""
    return _ZONE.replace("FILE", file)


PROGRAM: Final = resolver.Program(
    "Knot Resolver",
    "kresd",
    "knot-resolver",
    {
        "kresd.conf": """
log_target('stderr')
net.listen('127.0.0.1', {port}, {{ kind = 'dns' }})
trust_anchors.remove('.')
cache.open(10 * MB, 'lmdb://{folder}')
{list}
policy.add(policy.all(policy.STUB('127.0.0.1@{upstream}')))
"""
    },
    ("-n", "-c", "{folder}/kresd.conf", "{folder}"),
    "--version",
    (Use("rpz", ("rpz.zone",), NAMES, settings=zone("rpz.zone")),),
)
CONSUMER: Final = resolver.consumer("knot", PROGRAM)
