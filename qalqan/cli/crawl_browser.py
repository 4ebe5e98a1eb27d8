"""The options of a crawl that has a browser for pages which only a script builds."""

import click

from crawler.browser_job import Browsing, find_chromium

browser_option = click.option(
    "--browser/--no-browser",
    "browser",
    default=False,
    show_default=True,
    help="Open pages that only a script builds in Chromium; needs the extra qalqan[browser].",
)
sandbox_option = click.option(
    "--browser-sandbox/--no-browser-sandbox",
    "browser_sandbox",
    default=True,
    show_default=True,
    help="Chromium's own sandbox; it does not work for root.",
)
screenshots_option = click.option(
    "--screenshots",
    type=click.Choice(["blurred", "sharp", "none"]),
    default="blurred",
    show_default=True,
    help="Pictures of pages opened in the browser; a sharp one is kept in the evidence alone.",
)


def browsing(*, browser: bool, sandbox: bool, screenshots: str) -> Browsing | None:
    """How the crawl uses a browser, None where it has none.

    Raises:
        NoBrowserError: it should have one, and something is missing; the message says what.
    """
    if not browser:
        return None
    find_chromium(sandbox=sandbox)
    return Browsing(sandbox=sandbox, screenshots=screenshots)
