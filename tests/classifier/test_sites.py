"""A site's risk: worst pages count, one page alone is not the site."""

import pytest

from classifier.sites import SHARES, site_risk


def test_one_bad_page_alone_stays_below_three() -> None:
    assert site_risk([0.9, 0.0, 0.0]) < site_risk([0.9, 0.9]) < site_risk([0.9, 0.9, 0.9])
    assert site_risk([0.9, 0.9, 0.9]) == pytest.approx(0.9)


def test_harmless_pages_do_not_hide_the_worst() -> None:
    assert site_risk([0.9, 0.8, *[0.01] * 500]) == site_risk([0.01] * 3 + [0.8, 0.9])


def test_sites_of_one_page_keep_the_order_of_their_pages() -> None:
    assert site_risk([0.8]) > site_risk([0.7])
    assert site_risk([]) == 0.0


def test_shares_add_up_to_one() -> None:
    assert sum(SHARES) == pytest.approx(1)
