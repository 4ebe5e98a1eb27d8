"""The options that say how a crawl reaches the web."""

import click

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
