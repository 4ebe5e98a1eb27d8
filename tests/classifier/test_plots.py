"""Plots are plain SVG: well formed, no script, nothing fetched from anywhere."""

from lxml import etree

from classifier import plots


def test_a_reliability_plot_has_a_circle_a_bin_and_no_reference_outside() -> None:
    svg = plots.reliability("Said & true", [(0.1, 0.2, 0.5), (0.9, 0.8, 0.5)])

    tree = etree.fromstring(svg.encode())
    names = [etree.QName(node).localname for node in tree.iter()]
    assert names.count("circle") == 2
    assert not {"script", "image", "use", "style", "foreignObject", "a"} & {*names}
    assert svg.count("http") == 1  # the name of the format
    assert "Said &amp; true" in svg


def test_a_gain_curve_has_a_line_and_a_name_for_each_ranking() -> None:
    svg = plots.gain("Found", [("ours", [(0, 0), (1, 1)]), ("<list>", [(0, 0), (2, -1)])])

    etree.fromstring(svg.encode())
    assert "ours" in svg
    assert "&lt;list&gt;" in svg
    assert "nan" not in svg
