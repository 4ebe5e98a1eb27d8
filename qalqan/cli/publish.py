"""`qalqan publish`: the lists are signed, proved on the programs that load them, and only then served."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from blocklist import signers
from blocklist.consumers import CONSUMERS
from blocklist.formats import FORMATS
from blocklist.gate import DEADLINE_S, Gate, GateError
from blocklist.guard_data import GuardData, GuardDataError, Kind, load
from blocklist.publication import Publication, Verify, Wanted
from blocklist.publication import publish as publish_lists
from blocklist.removals import StillBlockedError, reason_of
from blocklist.signers import Signers
from qalqan.cli.export import format_option
from qalqan.cli.options import data_option, json_option, login
from qalqan.cli.publish_report import tell, tell_failed
from qalqan.cli.signing import password_option, sign_in
from review_queue import soundness, tokens
from review_queue.errors import ExportError, QalqanError
from review_queue.store import open_store
from review_ui.roles import Capability

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@data_option
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder the lists are served from; made where missing.",
)
@format_option
@click.option(
    "--verify",
    type=click.Choice([each.value for each in Verify]),
    default=Verify.LOCAL.value,
    show_default=True,
    help="local: prove each format on the programs installed here; none: publish unproved.",
)
@click.option(
    "--require",
    multiple=True,
    type=click.Choice(list(CONSUMERS)),
    help="Publish nothing where this program is not here; may be given several times.",
)
@click.option(
    "--deadline",
    type=click.FloatRange(1, 3600),
    default=DEADLINE_S,
    show_default=True,
    metavar="SECONDS",
    help="A program that takes longer is ended and has failed.",
)
@click.option(
    "--canary",
    default="",
    metavar="NAME",
    help="A listed name that providers look for; nothing is published without it.",
)
@click.option(
    "--minisign-key",
    type=_FILE,
    help="Ed25519 key in PEM to sign with; make one with `qalqan keys new`.",
)
@click.option("--cms-key", type=_FILE, help="RSA or elliptic-curve key in PEM, for CMS.")
@click.option("--cms-cert", type=_FILE, help="Its certificate in PEM, those above it behind.")
@click.option("--as", "username", metavar="USER", help="Your account; without it: your login name.")
@password_option
@click.option(
    "--new-key", is_flag=True, help="The providers know of other keys from now on; needs --as."
)
@click.option(
    "--restored",
    is_flag=True,
    help="It is known that the store is older than what is served; needs --as.",
)
@click.option(
    "--clock-is-right",
    is_flag=True,
    help="The clock is right and was wrong when the last list was made; needs --as.",
)
@json_option
def publish(
    data: Path,
    out: Path,
    *,
    formats: tuple[str, ...],
    verify: str,
    require: tuple[str, ...],
    deadline: float,
    canary: str,
    minisign_key: Path | None,
    cms_key: Path | None,
    cms_cert: Path | None,
    username: str | None,
    password_file: Path | None,
    new_key: bool,
    restored: bool,
    clock_is_right: bool,
    as_json: bool,
) -> None:
    """Publish what people approved: signed, proved on real resolvers and proxies, swapped in at once.

    Expired blocks are lifted first. Where nothing has changed there is no new serial, but a new heartbeat says
    that the list still holds. Whatever goes wrong, the last good list stays served and the exit code is 1; what
    was lifted leaves it all the same.

    \b
    Example:
      qalqan publish --data data --out lists --minisign-key list.key
      qalqan publish --data data --out lists --minisign-key list.key --require bind --require unbound
    """
    if (new_key or restored or clock_is_right) and not username:
        raise click.UsageError("a person has to say so: add --as with your account")
    if (require or canary) and Verify(verify) is Verify.NONE:
        raise click.UsageError("--require and --canary ask programs, and --verify none asks none")
    actor = f"cli:{login()}"
    if username:
        actor = sign_in(data, username, password_file, Capability.EXPORT).id
    keys = signers.load(minisign_key, cms_key, cms_cert)
    wanted = Wanted(
        formats=formats or tuple(FORMATS),
        verify=Verify(verify),
        require=require,
        program=version("qalqan"),
        is_new_key=new_key,
        is_restored=restored,
        is_clock_right=clock_is_right,
    )
    with _checks_shown() as advance:
        gate = Gate(always=canary, never=_never_blocked(data), deadline_s=deadline, advance=advance)
        done = _published(data, out, wanted, actor, keys, gate)
    tell(done, out, wanted.verify, keys.warnings, as_json=as_json)
    if done.held:
        _tell_proofs(done.held)
        raise ExportError(f"the list of all that people approved is held: {reason_of(done.held)}")


def _published(
    data: Path, out: Path, wanted: Wanted, actor: str, keys: Signers, gate: Gate
) -> Publication:
    """The lists are published, one for each category that somebody may read alone among them."""
    with open_store(data, create=False) as store:
        soundness.check(store)
        whole = replace(wanted, parts=tokens.parts_wanted(store))
        try:
            return publish_lists(store, out, whole, actor=actor, signers=keys, gate=gate)
        except QalqanError as error:
            _tell_proofs(error.failed if isinstance(error, StillBlockedError) else error)
            raise


def _tell_proofs(error: QalqanError) -> None:
    """What each program made of the list is printed, where that is what was wrong with it."""
    if isinstance(error, GateError):
        tell_failed(error.proofs)


def _never_blocked(data: Path) -> list[str]:
    """The names the guards' data keep from ever being blocked: offices, banks, help lines."""
    try:
        rows = _guards(data).rows
    except GuardDataError:
        return []  # of these the gate asks beside names of its own; that the data are damaged holds the list
    kinds = (Kind.NEVER_BLOCK, Kind.PROTECTIVE)
    return sorted(frozenset().union(*(rows[kind].names | rows[kind].below for kind in kinds)))


def _guards(data: Path) -> GuardData:
    """The guards' data of the unit; where a file of them is damaged, those that came with the program."""
    try:
        return load(data)
    except GuardDataError:
        return load(None)


@contextmanager
def _checks_shown() -> Iterator[Callable[[int, int], None]]:
    """How many checks of the lists are done, on standard error; silent where nobody looks."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, console=console, disable=not console.is_terminal, transient=True
    ) as bar:
        task = bar.add_task("writing", total=None)

        def advance(done: int, total: int) -> None:
            bar.update(task, description="proving", completed=done, total=total)

        yield advance
