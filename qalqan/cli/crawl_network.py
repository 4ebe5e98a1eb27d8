"""The options that say how a crawl reaches the web."""

from collections.abc import Sequence

import click

from crawler.guard import AddressPolicy, Allowance, Override
from crawler.plan import Network

robots_option = click.option(
    "--robots",
    type=click.Choice(["obey", "ignore"]),
    default="obey",
    show_default=True,
    help="Whether robots.txt is obeyed; recorded with the round.",
)
proxy_option = click.option(
    "--proxy", default="", metavar="URL", help="A plain HTTP proxy; it looks the names up."
)
allow_option = click.option(
    "--allow-address",
    "allowed",
    multiple=True,
    metavar="CIDR[:PORT]",
    help="Private addresses that may be reached all the same, for a test web.",
)
resolve_option = click.option(
    "--resolve",
    "resolved",
    multiple=True,
    metavar="HOST:ADDRESS",
    help="Where a name leads, for a test web; *.suffix for all names below one.",
)


def network_of(proxy: str, allowed: Sequence[str], resolved: Sequence[str]) -> Network:
    """The network as these options describe it."""
    return Network(
        proxy=proxy,
        addresses=AddressPolicy(tuple(map(Allowance.parse, allowed))),
        overrides=tuple(map(Override.parse, resolved)),
    )


def warn_of_allowed(allowed: Sequence[str]) -> None:
    """Each range that may be reached all the same is told of on standard error."""
    for allowance in allowed:
        click.echo(
            f"Warning: addresses in {allowance} may be reached, private ones too; for test webs only",
            err=True,
        )
