"""`qalqan demo`: the whole loop on a sample web, then the review pages to try it by hand."""

import signal
from pathlib import Path

import click


@click.command()
@click.option(
    "--no-serve", is_flag=True, help="Decide every case and end instead of serving the pages."
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="A new folder to keep everything in, the lists under export/.  [default: a temporary one]",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Port of the review pages; 0 takes a free one.",
)
def demo(no_serve: bool, data: Path | None, port: int) -> None:
    """Run the whole loop on a sample web of harmless sites and eight that promote harm.

    Crawls, scores, opens cases, lets two demo officers decide, exports the block list and serves the review
    pages. Everything happens on this machine, in a temporary folder.

    \b
    Example:
      qalqan demo
      qalqan demo --no-serve --data demo-data
    """
    from rich.console import Console

    from qalqan.demo import check_port, demo_folder, run_demo

    # a supervisor's stop ends as Ctrl-C does: the temporary folder goes
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if not no_serve:
        check_port(port)
    console = Console(highlight=False, markup=False, emoji=False)
    with demo_folder(data) as folder:
        run_demo(
            folder, with_pages=not no_serve, is_kept=data is not None, port=port, console=console
        )
