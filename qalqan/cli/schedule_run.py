"""A round of qalqan.toml as what it is made of: crawl, seal the evidence, score what is left and open cases.

Where the round says so, listed sites that are due are looked at again.
"""

import io
import json
from collections import Counter
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

from qalqan.cli import EXIT_INTERRUPTED
from qalqan.cli.options import login
from qalqan.settings import Round, SettingsError, read_rounds, read_stamping
from review_queue.errors import QalqanError
from review_queue.store import open_store

_OURS: Final = frozenset({"--data", "--json", "--score"})  # said by the round itself
# what a look at a listed site has in common with a crawl
_LOOKS_LIKE: Final = frozenset(
    {
        "robots",
        "proxy",
        "allow-address",
        "resolve",
        "delay",
        "browser",
        "browser-sandbox",
        "models",
        "model",
    }
)


def rounds_of(config: Path) -> list[Round]:
    """The rounds of the file, each of which `qalqan crawl` would take.

    Raises:
        SettingsError: one of them would be refused.
    """
    from qalqan.cli.crawl import crawl

    rounds = read_rounds(config)
    for one in rounds:
        try:
            with crawl.make_context("crawl", words_of(one)):
                pass
        except (click.UsageError, SettingsError) as error:
            said = error.format_message() if isinstance(error, click.UsageError) else str(error)
            raise SettingsError(f"{config}: round {one.name}: {said}") from None
    return rounds


def work(one: Round, counts: dict[str, Any], config: Path) -> None:
    """The round's sites were crawled, the evidence sealed, the pages scored and their cases opened.

    `counts` holds what each step came to. `config` says who time-stamps evidence; one that cannot be reached makes
    no failed run: the next one asks again.

    Raises:
        KeyboardInterrupt: a person stopped the crawl.
        QalqanError: a step failed.
    """
    from qalqan.cli.crawl import crawl
    from qalqan.cli.score import score

    _counted(counts, "crawl", crawl, words_of(one))
    # first of all: nobody can have changed it before
    counts["evidence"] = _sealed(one, config)
    if one.score:
        _counted(counts, "score", score, ["--data", str(one.data), "--json", *model_of(one)])
    if one.recheck:
        _looked_again(one, counts)


def _looked_again(one: Round, counts: dict[str, Any]) -> None:
    """Listed sites that are due were looked at, as the round's crawl does; the record counts them by what was found."""
    from qalqan.cli.recheck import recheck

    options = {key: values for key, values in one.options.items() if key in _LOOKS_LIKE}
    try:
        _counted(counts, "recheck", recheck, _words(replace(one, options=options), recheck))
    finally:
        if "recheck" in counts:
            full = counts["recheck"]
            found = Counter(check["outcome"] for check in full["checked"])
            proposed = sum(bool(check["proposal"]) for check in full["checked"])
            counts["recheck"] = {**found, "left": len(full["left"]), "proposed": proposed}


def _sealed(one: Round, config: Path) -> dict[str, Any]:
    from qalqan.evidence import seal_and_stamp

    with open_store(one.data, create=False) as store:
        sealed = seal_and_stamp(store, read_stamping(config), actor=f"cli:{login()}")
    if sealed.problem:
        click.echo(f"Warning: {sealed.problem}; the next round asks again", err=True)
    return {
        "manifest": sealed.manifest.name if sealed.manifest else None,
        "stamped": sealed.stamped,
        "problem": sealed.problem,
    }


def model_of(one: Round) -> list[str]:
    """The options by which `qalqan score` takes the model that the round's crawl has scored with."""
    chosen: list[str] = []
    if "models" in one.options:
        chosen += ["--models", str(one.base / str(one.options["models"][0]))]
    if "model" in one.options:
        chosen += ["--model", str(one.options["model"][0])]
    return chosen


def _counted(counts: dict[str, Any], key: str, command: click.Command, words: list[str]) -> None:
    printed = io.StringIO()
    try:
        with redirect_stdout(printed):
            command.main(words, prog_name=key, standalone_mode=False)
    except SystemExit as end:
        if end.code == EXIT_INTERRUPTED:
            raise KeyboardInterrupt from None
        raise QalqanError(f"qalqan {key} ended with code {end.code}") from None
    except click.Abort:
        raise KeyboardInterrupt from None
    except click.ClickException as error:
        raise QalqanError(error.format_message()) from None
    finally:
        lines = printed.getvalue().splitlines()
        if lines:
            counts[key] = json.loads(lines[-1])


def words_of(one: Round) -> list[str]:
    """The words after `qalqan crawl` that carry out the round.

    Raises:
        SettingsError: the round has an option that the command has not.
    """
    from qalqan.cli.crawl import crawl

    words = _words(one, crawl)
    if any("--score" in param.opts for param in crawl.params):
        words.append("--score" if one.score else "--no-score")
    return [*words, "--", str(one.seeds)]


def _words(one: Round, command: click.Command) -> list[str]:
    """The options of the round as words of the command.

    Raises:
        SettingsError: the command has one of them not.
    """
    known = {
        word: param for param in command.params for word in param.opts if word.startswith("--")
    }
    words = ["--data", str(one.data), "--json"]
    for key, values in one.options.items():
        option = f"--{key}"
        param = known.get(option)
        if not isinstance(param, click.Option) or option in _OURS:
            raise SettingsError(f"{key!r} is no setting of a round and no option of qalqan crawl")
        if len(values) != 1 and not param.multiple:
            raise SettingsError(f"{key} takes one value")
        for value in values:
            if param.is_flag != isinstance(value, bool):
                raise SettingsError(
                    f"{key} is {'true or false' if param.is_flag else 'no yes or no'}"
                )
            if param.is_flag:
                words += [option] if value else param.secondary_opts[:1]
            else:
                is_path = isinstance(param.type, click.Path)
                words += [option, str(one.base / str(value) if is_path else value)]
    return words
