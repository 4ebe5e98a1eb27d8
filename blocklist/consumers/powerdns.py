"""PowerDNS Recursor, with a policy zone from a file."""

from typing import Final

from blocklist.consumers import resolver
from blocklist.consumers.questions import GARDEN, NAMES, NETWORKS, Use

# `socket-dir` is relative since a socket's path holds 107 characters at the most, and a folder may be deeper than that
_ZONE: Final = 'rpzFile("{folder}/FILE", {{ policyName = "rpz.provider.example" }})'


def zone(file: str) -> str:
    """The settings that load the policy zone in `file`."""
    return _ZONE.replace("FILE", file)


PROGRAM: Final = resolver.Program(
    "PowerDNS Recursor",
    "pdns_recursor",
    "pdns-recursor",
    {
        "recursor.conf": """
local-address=127.0.0.1
local-port={port}
socket-dir=.
daemon=no
threads=1
dnssec=off
security-poll-suffix=
forward-zones-recurse=.=127.0.0.1:{upstream}
dont-query=
lua-config-file={folder}/recursor.lua
{more}
""",
        "recursor.lua": "{list}\n",
    },
    ("--config-dir={folder}", "--write-pid=no"),
    "--version",
    (
        Use("rpz", ("rpz.zone",), NAMES | NETWORKS, settings=zone("rpz.zone")),
        Use("rpz", ("rpz-garden.zone",), NAMES | NETWORKS, GARDEN, zone("rpz-garden.zone")),
    ),
)
CONSUMER: Final = resolver.consumer("powerdns", PROGRAM)
