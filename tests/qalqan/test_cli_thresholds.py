"""`qalqan thresholds`: what is in use, what a budget or a recall asks for, and setting it."""

import hashlib
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result

from classifier import artefacts
from classifier.officers import CARD_KEY, NAME_SUFFIX
from qalqan.cli import cli
from qalqan.cuts import FEWEST_CONFIRMED, FEWEST_SITES
from qalqan.signing_in import MayNotError
from review_queue import audit, cases, decisions, scores, thresholds
from review_queue.categories import Category, Lane, Verdict
from review_queue.errors import CannotSuggestError, RefusedError, StoreMissingError
from review_queue.store import Store, open_store
from review_ui.accounts import add_user
from review_ui.config import ServeConfig
from tests.builders import a_draft, a_page, a_score, fetch
from tests.conftest import TickingClock
from tests.review_ui.sites import PASSWORD, close_accounts

MODEL: Final = artefacts.load(artefacts.default_models_dir())
OWN: Final = artefacts.DEFAULT_NAME + NAME_SUFFIX
BY: Final = ("--reason", "Two more people.", "--as", "dana", "--password-file", "-")
BUDGET: Final = ("suggest", "--budget", "30", "--sites-a-week", "1000")
RECALL: Final = ("suggest", "--recall", "0.9")


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The accounts of a unit; made once, since passwords take time."""
    folder = tmp_path_factory.mktemp("unit")
    for name, role in (("dana", "senior"), ("erlan", "reviewer")):
        add_user(ServeConfig(folder), name, PASSWORD, role=role, full_name=name.title())
    yield folder
    close_accounts()


@pytest.fixture
def opened(unit: Path, tmp_path: Path, clock: TickingClock) -> Iterator[Store]:
    shutil.copytree(unit, tmp_path / "data")
    with open_store(tmp_path / "data", clock=clock) as store:
        yield store


def _run(store: Store, command: str, *arguments: str) -> Result:
    where = ["--data", str(store.path.parent)]
    return CliRunner().invoke(
        cli, ["thresholds", command, *arguments, *where], input=f"{PASSWORD}\n"
    )


def _json(store: Store, command: str, *arguments: str) -> Any:
    result = _run(store, command, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def _scored_sites(store: Store, number: int) -> list[int]:
    """So many sites of one page, the risks for violence spread evenly from nought to one."""
    with store.atomic():
        ids = fetch(store, *[a_page(f"http://s{n}.example/") for n in range(number)])
        found = [
            (page_id, a_score(self_harm=0.001, violence=round((n + 1) / number, 6)))
            for n, page_id in enumerate(ids)
        ]
        scores.save(store, MODEL.id, found)
    return ids


def _confirmed_sites(store: Store, number: int) -> None:
    with store.atomic():
        for n, page_id in enumerate(_scored_sites(store, number)):
            case, _ = cases.open_case(
                store,
                site=f"s{n}.example",
                category=Category.VIOLENCE,
                lane=Lane.REVIEW,
                page_id=page_id,
                risk=0.5,
            )
            for person in ("aliya", "berik"):
                decisions.decide(store, a_draft(case, person, Verdict.VIOLATES))


def test_show_says_which_are_set_by_whom_when_and_why(opened: Store) -> None:
    set_ = _run(opened, "set", "--category", "self_harm", "--value", "0.55", *BY)
    shown = _run(opened, "show").stdout

    assert set_.exit_code == 0
    assert "self_harm  0.55  set by Dana at 2" in shown
    assert f"Z for {MODEL.id.name}/{MODEL.id.version}: Two more people." in shown
    assert "Two more people." in shown
    own = MODEL.thresholds[Category.VIOLENCE]
    assert f"violence   {own}  the model's own" in shown
    rows = {row["category"]: row for row in _json(opened, "show")["thresholds"]}
    assert rows["self_harm"]["set"]["value"] == 0.55
    assert rows["self_harm"]["own"] == MODEL.thresholds[Category.SELF_HARM]
    assert rows["violence"]["set"] is None


def test_only_who_may_sign_sets_a_threshold_and_a_typed_name_is_nobody(opened: Store) -> None:
    words = ("--category", "self_harm", "--value", "0.55", "--reason", "Two more people.")
    reviewer = _run(opened, "set", *words, "--as", "erlan", "--password-file", "-")
    typed = _run(opened, "set", *words, "--actor", "Dana")
    unsigned = _run(opened, "reset", "--category", "self_harm", "--reason", "None.")

    assert isinstance(reviewer.exception, MayNotError)
    assert (typed.exit_code, unsigned.exit_code) == (2, 2)
    assert _json(opened, "show")["history"] == []


def test_a_threshold_set_for_another_model_does_not_count_and_is_told_of(
    opened: Store, tmp_path: Path
) -> None:
    _run(opened, "set", "--category", "self_harm", "--value", "0.55", *BY)
    models = _of_other_weights(tmp_path / "models")
    where = ("--models", str(models))

    shown = _run(opened, "show", *where)
    score = ["score", "--data", str(opened.path.parent), *where]
    promote = ["models", "promote", "topic-stance/v77", "--data", str(opened.path.parent), *where]
    scored, promoted = (CliRunner().invoke(cli, words) for words in (score, promote))

    own = MODEL.thresholds[Category.SELF_HARM]
    assert f"self_harm  {own}  the model's own" in shown.stdout
    was = f"set by Dana at {thresholds.history(opened)[0].set_at} for {MODEL.id.name}/{MODEL.id.version}"
    for told in (shown, scored, promoted):
        assert told.exit_code == 0, told.output
        assert (
            f"Warning: self_harm: threshold 0.55 was {was}; topic-stance/v77 is at" in told.stderr
        )


def _of_other_weights(models: Path) -> Path:
    """A folder of models with one that says the same in other bytes."""
    folder = models / "topic-stance" / "v77"
    shutil.copytree(artefacts.default_models_dir() / MODEL.id.name / MODEL.id.version, folder)
    with zipfile.ZipFile(folder / "model.skops", "a") as archive:
        archive.comment = b"other bytes"
    digest = hashlib.sha256((folder / "model.skops").read_bytes()).hexdigest()
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    card |= {"version": "v77", "digest": digest}
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    return models


def test_a_reset_brings_back_the_models_own_and_the_history_keeps_both(opened: Store) -> None:
    _run(opened, "set", "--category", "self_harm", "--value", "0.55", *BY)
    reset = _run(opened, "reset", "--category", "self_harm", *BY)
    again = _run(opened, "reset", "--category", "self_harm", *BY)

    assert reset.exit_code == 0
    assert isinstance(again.exception, RefusedError)
    told = _json(opened, "show")
    assert all(row["set"] is None for row in told["thresholds"])
    assert [change["value"] for change in told["history"]] == [0.55, None]
    assert [row.action for row in audit.rows(opened)] == ["threshold.reset", "threshold.set"]


def test_show_without_a_store_gives_the_models_own_and_a_store_named_must_be_there(
    tmp_path: Path,
) -> None:
    elsewhere = {"QALQAN_DATA": str(tmp_path / "none")}
    unnamed = CliRunner(env=elsewhere).invoke(cli, ["thresholds", "show"])
    named = CliRunner().invoke(cli, ["thresholds", "show", "--data", str(tmp_path / "none")])

    assert unnamed.stdout.count("the model's own") == 3
    assert "no store in" in unnamed.stderr
    assert isinstance(named.exception, StoreMissingError)


def test_a_budget_gives_the_value_that_leaves_so_many_sites_to_read(opened: Store) -> None:
    _scored_sites(opened, 200)

    found = _json(opened, *BUDGET)

    assert found["sites"] == 200
    assert found["value"] == pytest.approx(195 / 200)
    assert found["to_read"]["number"] == pytest.approx(30)
    assert 0 < found["to_read"]["low"] < 30 < found["to_read"]["high"] < 100
    of = {row["category"]: row for row in found["cases"]}
    assert of["violence"]["suggested"]["number"] == pytest.approx(30)
    assert of["self_harm"]["suggested"]["number"] == 0
    own = MODEL.thresholds[Category.VIOLENCE]
    assert of["violence"]["now"]["number"] == pytest.approx((1 - own) * 1000, abs=5)
    plain = _run(opened, *BUDGET).stdout
    assert plain.startswith("0.975 leaves 30 (95 %: ")
    assert "now 0 (95 %" in plain


def test_as_many_sites_get_a_case_as_the_suggestion_said(opened: Store) -> None:
    _scored_sites(opened, 200)
    value = _json(opened, *BUDGET)["value"]
    for category in ("violence", "self_harm"):
        _run(opened, "set", "--category", category, "--value", str(value), *BY)

    scored = CliRunner().invoke(cli, ["score", "--data", str(opened.path.parent), "--json"])

    assert json.loads(scored.stdout) == {"pages": 0, "cases_opened": 6, "referrals_opened": 0}
    assert "violence: threshold 0.975, set by Dana" in scored.stderr


def test_a_budget_for_one_category_looks_at_that_one_alone(opened: Store) -> None:
    _scored_sites(opened, 200)

    found = _json(opened, *BUDGET, "--category", "self_harm")

    assert found["value"] == 0.001
    assert [row["category"] for row in found["cases"]] == ["self_harm"]


def test_too_few_scored_sites_give_no_suggestion(opened: Store) -> None:
    _scored_sites(opened, FEWEST_SITES - 1)

    result = _run(opened, *BUDGET)

    assert isinstance(result.exception, CannotSuggestError)
    assert "199 sites" in str(result.exception)


@pytest.mark.parametrize("category", ["violence", "distress"])
def test_a_budget_that_reads_all_that_carry_a_risk_needs_no_threshold(
    opened: Store, category: str
) -> None:
    _scored_sites(opened, 200)
    budget = ("--budget", "1000" if category == "violence" else "5", "--sites-a-week", "1000")

    result = _run(opened, "suggest", *budget, "--category", category)

    assert isinstance(result.exception, CannotSuggestError)
    assert "no threshold is needed" in str(result.exception)


def test_a_recall_gives_the_value_that_finds_that_share_of_the_confirmed_sites(
    opened: Store,
) -> None:
    _confirmed_sites(opened, FEWEST_CONFIRMED)

    found = _json(opened, *RECALL)

    of = {row["category"]: row for row in found["thresholds"]}
    assert of["violence"]["value"] == pytest.approx(0.15)
    assert of["violence"]["found"] == 0.9
    assert of["violence"]["low"] < 0.9 < of["violence"]["high"]
    assert (of["self_harm"]["value"], of["self_harm"]["missing"]) == (None, 20)
    assert "fewer" in found["caveat"]
    plain = _run(opened, *RECALL).stdout
    assert "violence: 0.15 finds 90% (95 %: " in plain
    assert "self_harm: 0 confirmed sites, 20 more are needed" in plain


def test_too_few_confirmed_sites_say_how_many_are_missing(opened: Store) -> None:
    _confirmed_sites(opened, FEWEST_CONFIRMED - 2)

    result = _run(opened, *RECALL)

    assert isinstance(result.exception, CannotSuggestError)
    assert "missing are 20 of self_harm, 2 of violence" in str(result.exception)


@pytest.mark.parametrize(
    ("last_decided", "message"),
    [
        ("2026-10-31", ""),
        ("2026-11-01", "that it did not learn from"),
        (None, "cannot be told"),
    ],
)
def test_sites_a_model_may_have_learned_from_never_choose_its_threshold(
    opened: Store, tmp_path: Path, last_decided: str | None, message: str
) -> None:
    shipped = artefacts.default_models_dir() / MODEL.id.name / MODEL.id.version
    own = tmp_path / "models" / OWN / "v1"
    shutil.copytree(shipped, own)
    card = json.loads((own / "card.json").read_text(encoding="utf-8"))
    if last_decided:
        card[CARD_KEY] = {"last_decided": last_decided}
    (own / "card.json").write_text(json.dumps(card), encoding="utf-8")
    _confirmed_sites(opened, FEWEST_CONFIRMED)  # decided on the first of November

    named = ("--models", str(tmp_path / "models"), "--model", OWN)
    result = _run(opened, *RECALL, *named)

    if message:
        assert isinstance(result.exception, CannotSuggestError)
        assert message in str(result.exception)
    else:
        assert result.exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--budget", "30"),
        ("--recall", "0.9", "--sites-a-week", "10"),
        ("--recall", "0.9", "--budget", "30", "--sites-a-week", "10"),
        ("--recall", "0"),
    ],
)
def test_a_suggestion_rests_on_a_budget_or_on_a_recall(
    opened: Store, arguments: tuple[str, ...]
) -> None:
    assert _run(opened, "suggest", *arguments).exit_code == 2


@pytest.mark.parametrize("value", ["0", "1.5", "nan", "-1"])
def test_a_value_that_is_no_threshold_is_not_set(opened: Store, value: str) -> None:
    result = _run(opened, "set", "--category", "violence", "--value", value, *BY)

    assert result.exit_code != 0
    assert _json(opened, "show")["history"] == []
