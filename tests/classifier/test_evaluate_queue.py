"""The figures of a queue, on webs small enough to know the answer."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from classifier import evaluate_queue
from classifier.compose import SOURCE
from classifier.evaluate_web import Site


def _site(lang: str, label: str, source: str = "public", *, needle: bool = False) -> Site:
    return Site("", "", lang, label, source, needle)


def _web() -> list[Site]:
    written = f"{SOURCE}/composed/violence"
    needles = [
        _site(lang, f"{harm}_promotion", f"{written}/promotes", needle=True)
        for lang in ("kk", "ru", "en")
        for harm in ("self_harm", "violence")
        for _ in range(5)
    ]
    hard = [_site("en", "sensitive_topic_neutral", f"{written}/court") for _ in range(20)]
    threats = [_site("en", "violence_promotion", needle=True) for _ in range(10)]
    public_hard = [_site("en", "hostile_other") for _ in range(50)]
    return [*needles, *threats, *hard, *public_hard, *(_site("kk", "news") for _ in range(4_000))]


def test_a_perfect_ranking_finds_all_and_saves_nearly_all_reading() -> None:
    web = _web()

    queue = evaluate_queue.measure(web, [float(site.is_needle) for site in web], draws=20)

    assert queue.needles == 34
    assert queue.total[0.01].value == queue.mean[0.01].value == 1.0
    assert queue.average_precision.value == 1.0
    assert queue.saved.value == pytest.approx(0.95 - 33 / queue.sites, abs=1e-3)
    assert queue.hard_written.value == queue.hard_public.value == 0.0
    assert queue.public[0.05].value == 1.0
    assert queue.public[0.05].number == 10


def test_a_ranking_that_knows_nothing_finds_what_chance_finds() -> None:
    web = _web()

    queue = evaluate_queue.measure(web, [0.5] * len(web), draws=60)

    assert queue.total[0.05].value == pytest.approx(0.05, abs=0.03)
    assert queue.saved.value == pytest.approx(0.0, abs=0.05)
    assert queue.hard_written.value == 1.0


def test_a_language_that_is_crowded_out_shows_in_the_mean_and_not_in_the_others() -> None:
    web = _web()
    risks = [float(site.is_needle and site.lang != "kk") for site in web]

    plain = evaluate_queue.measure(web, risks, draws=20).as_plain()

    assert plain["cells"]["ru violence"]["1%"]["value"] == 1.0
    assert plain["cells"]["kk violence"]["1%"]["value"] < 0.2
    assert plain["mean_over_language_and_harm"]["1%"]["value"] == pytest.approx(2 / 3, abs=0.05)


def test_the_same_seed_draws_the_same_webs() -> None:
    web = _web()
    risks = [(i * 37 % 101) / 101 for i in range(len(web))]

    first = evaluate_queue.measure(web, risks, draws=5).as_plain()

    assert first == evaluate_queue.measure(web, risks, draws=5).as_plain()


def test_the_gain_curve_starts_at_nothing_and_ends_at_everything() -> None:
    web = _web()

    curve = evaluate_queue.gain_curve(web, [float(site.is_needle) for site in web])

    assert curve[0] == (0.0, 0.0)
    assert curve[-1] == (1.0, 1.0)
    assert all(a[1] <= b[1] for a, b in pairwise(curve))


def test_a_web_without_written_pages_has_no_cells() -> None:
    web = [_site("en", "news") for _ in range(50)]

    queue = evaluate_queue.measure(web, [0.0] * 50, draws=3)

    assert queue.mean[0.01].value is None
    assert queue.hard_written.value is None
    assert evaluate_queue.gain_curve(web, [0.0] * 50)[-1] == (1.0, 0.0)


def test_a_reader_that_learns_is_measured_on_webs_without_repeats() -> None:
    web = _web()

    def clairvoyant(
        chosen: npt.NDArray[np.int64], wanted: npt.NDArray[np.bool_], seed: int
    ) -> list[int]:
        assert len({*chosen.tolist()}) == len(chosen)
        assert seed in {0, 1}
        return [int(i) for i in np.argsort(~wanted, kind="stable")]

    found = evaluate_queue.measure_order(web, clairvoyant, draws=2)

    assert found["total 0.01"]["value"] == found["mean 0.01"]["value"] == 1.0
    assert found["average precision"]["n"] == 2


def test_a_cut_chosen_for_a_budget_lands_near_it_on_fresh_sites() -> None:
    web = _web()

    found = evaluate_queue.landed(web, [(i * 7919 % 4_999) / 5_000 for i in range(len(web))])

    for row in found.values():
        assert row.value == pytest.approx(1.0, abs=0.2)
