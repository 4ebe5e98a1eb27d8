"""The options of `qalqan crawl` by which a monitor watches it."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from crawler.plan import CrawlReport, Progress
from qalqan.listen import Listen
from review_queue.errors import QalqanError

FILE_EVERY_S: Final = 10.0


class _ListenType(click.ParamType[Listen]):
    """An address and a port."""

    name = "listen"

    def convert(
        self, value: str | Listen, param: click.Parameter | None, ctx: click.Context | None
    ) -> Listen:
        """What `value` says; refused where it says nothing."""
        if isinstance(value, Listen):
            return value
        try:
            return Listen.parse(value)
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


metrics_option = click.option(
    "--metrics",
    type=_ListenType(),
    metavar="[ADDRESS:]PORT",
    help="Serve figures for Prometheus there while the crawl runs.",
)
metrics_file_option = click.option(
    "--metrics-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write figures for node_exporter's textfile collector, such as qalqan.prom.",
)


@dataclass(frozen=True, slots=True)
class Monitored:
    """Who is told how the crawl goes, and that it has ended."""

    tell: Callable[[Progress], None]
    end: Callable[[CrawlReport], None]


@contextmanager
def monitored(listen: Listen | None, file: Path | None, *, is_scoring: bool) -> Iterator[Monitored]:
    """Monitors are told of the crawl in the block: by whom they are asked at `listen`, and by `file`.

    Raises:
        QalqanError: there cannot be listened, or the file cannot be written.
    """
    if listen is None and file is None:
        yield Monitored(lambda _: None, lambda _: None)
        return
    from qalqan.metrics import CrawlFigures, served, write

    figures = CrawlFigures(is_scoring=is_scoring, now_s=time.time())
    written = _File(file, lambda path: write(figures, path))

    def tell(now: Progress) -> None:
        figures.tell(now, time.time())
        written.renew()

    def end(report: CrawlReport | None) -> None:
        figures.end(report, time.time())
        written.renew(at_once=True)

    with ExitStack() as stack:
        if listen is not None:
            _announce(listen, stack.enter_context(served(figures, listen)))
        written.begin()
        try:
            yield Monitored(tell, end)
        except BaseException:
            end(None)
            raise


class _File:
    """A file of metrics that is written now and then, if there is to be one."""

    def __init__(self, path: Path | None, write: Callable[[Path], None]) -> None:
        self._path = path
        self._write = write
        self._at = 0.0
        self._failed = False

    def begin(self) -> None:
        """It is written.

        Raises:
            QalqanError: it cannot be.
        """
        if self._path is not None:
            self._write(self._path)

    def renew(self, *, at_once: bool = False) -> None:
        """It is written if that is some time ago; a full disk does not end the crawl, and is told once."""
        if self._path is None or not (at_once or time.monotonic() >= self._at):
            return
        self._at = time.monotonic() + FILE_EVERY_S
        try:
            self._write(self._path)
        except QalqanError as error:
            if not self._failed:
                click.echo(f"Warning: {error}", err=True)
            self._failed = True


def _announce(listen: Listen, port: int) -> None:
    if not listen.is_local:
        click.echo(
            f"Warning: everybody who reaches {listen} can read how the crawl goes; it asks for no password",
            err=True,
        )
    click.echo(f"Metrics are served on {Listen(listen.address, port)}", err=True)
