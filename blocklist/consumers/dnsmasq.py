"""dnsmasq, with lines for domains and hosts files."""

from typing import Final

from blocklist.consumers import resolver
from blocklist.consumers.questions import NAMES, Use
from review_queue.categories import Scope

PROGRAM: Final = resolver.Program(
    "dnsmasq",
    "dnsmasq",
    "dnsmasq-base",
    {
        "dnsmasq.conf": """
port={port}
listen-address=127.0.0.1
bind-interfaces
no-resolv
no-hosts
server=127.0.0.1#{upstream}
pid-file={folder}/pid
user=root
group=root
{list}
"""
    },
    ("--keep-in-foreground", "--log-facility=-", "--conf-file={folder}/dnsmasq.conf"),
    "--version",
    (
        Use(
            "dnsmasq",
            ("dnsmasq.conf", "dnsmasq-hosts.txt"),
            NAMES,
            settings="conf-file={folder}/dnsmasq.conf\naddn-hosts={folder}/dnsmasq-hosts.txt",
        ),
        Use(
            "hosts",
            ("hosts.txt",),
            frozenset({Scope.HOST}),
            settings="addn-hosts={folder}/hosts.txt",
        ),
    ),
)
CONSUMER: Final = resolver.consumer("dnsmasq", PROGRAM)
