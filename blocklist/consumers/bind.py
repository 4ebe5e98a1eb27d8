"""BIND, with a policy zone from a file."""

from typing import Final

from blocklist.consumers import resolver
from blocklist.consumers.questions import GARDEN, NAMES, NETWORKS, Use

_ZONE: Final = """
response-policy {{ zone "NAME"; }} min-update-interval 0;
}};
zone "NAME" {{ type primary; file "{folder}/FILE"; allow-query {{ none; }}; }};
"""


def zone(file: str, name: str = "rpz.provider.example") -> str:
    """The settings that load the policy zone in `file` under a name."""
    return _ZONE.replace("FILE", file).replace("NAME", name)


PROGRAM: Final = resolver.Program(
    "BIND",
    "named",
    "bind9",
    {
        "named.conf": """
options {{
    directory "{folder}";
    listen-on port {port} {{ 127.0.0.1; }};
    listen-on-v6 {{ none; }};
    pid-file none;
    session-keyfile "{folder}/session.key";
    allow-query {{ 127.0.0.1; }};
    dnssec-validation no;
    empty-zones-enable no;
    forward only;
    forwarders {{ 127.0.0.1 port {upstream}; }};
    {list}
controls {{ }};
"""
    },
    ("-g", "-n", "1", "-c", "{folder}/named.conf"),
    "-v",
    (
        Use("rpz", ("rpz.zone",), NAMES | NETWORKS, settings=zone("rpz.zone")),
        Use("rpz", ("rpz-garden.zone",), NAMES | NETWORKS, GARDEN, zone("rpz-garden.zone")),
    ),
    # it answers before, and says "all zones loaded" before, its policy zone is at work
    ready=b": reload done: success",
)
CONSUMER: Final = resolver.consumer("bind", PROGRAM)
