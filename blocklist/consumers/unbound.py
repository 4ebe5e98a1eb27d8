"""Unbound, with a policy zone from a file or with local zones."""

from typing import Final

from blocklist.consumers import resolver
from blocklist.consumers.questions import GARDEN, NAMES, NETWORKS, Use

_ZONE: Final = 'rpz:\n    name: "rpz.provider.example"\n    zonefile: "{folder}/FILE"'


def zone(file: str) -> str:
    """The settings that load the policy zone in `file`."""
    return _ZONE.replace("FILE", file)


PROGRAM: Final = resolver.Program(
    "Unbound",
    "unbound",
    "unbound",
    {
        "unbound.conf": """
server:
    interface: 127.0.0.1@{port}
    username: ""
    chroot: ""
    directory: "{folder}"
    pidfile: ""
    use-syslog: no
    do-daemonize: no
    num-threads: 1
    do-not-query-localhost: no
    module-config: "respip iterator"
{list}
forward-zone:
    name: "."
    forward-addr: 127.0.0.1@{upstream}
remote-control:
    control-enable: no
"""
    },
    ("-d", "-c", "{folder}/unbound.conf"),
    "-V",
    (
        Use("rpz", ("rpz.zone",), NAMES | NETWORKS, settings=zone("rpz.zone")),
        Use("rpz", ("rpz-garden.zone",), NAMES | NETWORKS, GARDEN, zone("rpz-garden.zone")),
        Use("unbound", ("unbound.conf",), NAMES, settings='include: "{folder}/unbound.conf"'),
    ),
)
CONSUMER: Final = resolver.consumer("unbound", PROGRAM)
