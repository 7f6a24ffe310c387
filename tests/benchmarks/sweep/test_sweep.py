"""What curves say of their shapes, and how they are drawn."""

import xml.etree.ElementTree as ElementTree

import pytest

from tests.benchmarks.sweep.curves import Curve, Shape, decades, growth, shares, straightness
from tests.benchmarks.sweep.drawing import HEIGHT, LEFT, RIGHT, TOP, WIDTH, draw, nice

SVG = "{http://www.w3.org/2000/svg}"


def curve(shape: Shape = Shape.FLAT) -> Curve:
    made = Curve(title="Rate <1 KiB>", x_label="MB", unit="records/s", shape=shape, logarithmic=True)
    for x, y in ((10, 100.0), (100, 90.0), (1000, 95.0)):
        made.add("ours", x, y)
    return made


def test_a_flat_curve_says_how_its_end_compares_with_its_beginning() -> None:
    assert curve().verdict("ours") == "last is 0.95× the first"
    assert growth([(1, 0.0), (2, 0.0)]) == 1.0
    assert growth([(1, 0.0), (2, 3.0)]) == float("inf")


def test_a_linear_curve_says_what_so_much_more_costs() -> None:
    assert curve(Shape.LINEAR).verdict("ours") == "100× the size, 0.95× the cost; straight line: R² 0.01"


def test_a_straight_line_explains_what_is_on_it_and_less_of_what_bends() -> None:
    assert straightness([(1, 3.0), (2, 5.0), (3, 7.0)]) == pytest.approx(1.0)
    assert straightness([(1, 4.0), (2, 4.0)]) == 1.0
    assert straightness([(x, float(x**4)) for x in range(1, 11)]) < 0.9


def test_steps_go_by_powers_of_ten_or_by_shares_and_end_where_told() -> None:
    assert decades(10, 10_000) == [10, 100, 1000, 10_000]
    assert decades(10, 500) == [10, 100, 500]
    assert decades(10, 10) == [10]
    assert shares(1000) == [100, 250, 500, 750, 1000]
    assert shares(2) == [1, 2]


@pytest.mark.parametrize(("value", "top"), [(0, 1), (0.93, 1), (1, 1), (1.3, 2), (37, 40), (61, 80), (99_000, 100_000)])
def test_an_axis_ends_at_a_short_number_that_is_not_exceeded(value: float, top: float) -> None:
    assert nice(value) == pytest.approx(top)


def test_a_drawing_is_an_svg_in_which_every_point_is_inside_its_chart() -> None:
    document = ElementTree.fromstring(draw([curve(), curve()]))
    circles = document.findall(f".//{SVG}circle")
    assert len(circles) == 6
    for circle in circles:
        assert LEFT <= float(circle.get("cx", "")) <= WIDTH - RIGHT
        assert TOP <= float(circle.get("cy", "")) <= HEIGHT
    assert "Rate <1 KiB>" in [words.text for words in document.iter(f"{SVG}text")]


def test_large_numbers_are_written_out_on_both_axes() -> None:
    large = curve()
    large.add("ours", 10_000, 900_000.0)
    words = [one.text for one in ElementTree.fromstring(draw([large])).iter(f"{SVG}text")]
    assert {"1,000,000", "250,000", "10,000"} <= set(words)
