"""A round by the clock that looks at listed sites again, and what its monitor is told of them."""

import json
from pathlib import Path

from click.testing import CliRunner

from qalqan.cli.schedule import schedule
from qalqan.metrics import ListState
from qalqan.recheck_state import listed_state
from tests.qalqan.test_metrics import values
from tests.qalqan.test_recheck import GOOD, listed
from tests.site.web import Web


def test_a_round_looks_at_listed_sites_and_records_only_how_many(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Web() as web:
        listed(data, web, "http://one.test/bad")
        web.put("http://one.test/bad", GOOD)
        web.put("http://other.test/", GOOD)
        (tmp_path / "seeds.txt").write_text(f"http://other.test:{web.port}/\n")
        config = tmp_path / "qalqan.toml"
        config.write_text(
            "[[rounds]]\nname = 'nightly'\ncron = '0 3 * * *'\nseeds = 'seeds.txt'\ndata = 'data'\n"
            "score = false\nrecheck = true\nmax-pages = 9\ndelay = 0\nresolve = '*.test:127.0.0.1'\n"
            f"allow-address = '127.0.0.1/32:{web.port}'\n"
        )
        before = listed_state(data)
        done = CliRunner().invoke(schedule, ["run", "nightly", "--config", str(config)])
        history = ["history", "--json", "--config", str(config)]
        (past,) = json.loads(CliRunner().invoke(schedule, history).stdout)
        figures = tmp_path / "qalqan.prom"
        check = ["check", "--metrics-file", str(figures), "--config", str(config)]
        assert CliRunner().invoke(schedule, check).exit_code == 0

    assert done.exit_code == 0, done.stderr
    assert past["counts"]["recheck"] == {"changed": 1, "left": 0, "proposed": 0}
    assert before == ListState(looks_due=1, reviews_due=0, proposals=0)
    found = values(figures.read_text())
    assert found["qalqan_round_looks_due", "nightly"] == 0
    assert found["qalqan_round_lift_proposals", "nightly"] == 0


def test_a_folder_without_a_store_has_nothing_that_waits(tmp_path: Path) -> None:
    assert listed_state(tmp_path) is None
