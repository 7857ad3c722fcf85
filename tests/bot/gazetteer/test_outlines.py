"""The outlines of the departments, and where a map has them."""

from __future__ import annotations

from collections.abc import Sequence

from bot.gazetteer.gazetteer import gazetteer
from bot.gazetteer.outlines import ENLARGED, FRAME, HEIGHT, OVERSEAS, WIDTH, Point, outlines, placed


def _holds(ring: Sequence[Point], point: Point) -> bool:
    """Whether a point is inside a ring: a line from it to the right crosses the ring an odd number of times."""
    x, y = point
    sides = zip(ring, (*ring[1:], ring[0]), strict=True)
    crossed = [(ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax for (ax, ay), (bx, by) in sides if ay != by]
    return sum(crossed) % 2 == 1


def test_each_department_of_the_gazetteer_has_an_outline_and_a_middle_inside_it() -> None:
    codes = [outline.code for outline in outlines()]
    assert len(codes) == 101
    assert codes == sorted(codes)
    assert all(gazetteer().department(code) is not None for code in codes)
    assert [outline.code for outline in outlines() if not any(_holds(ring, outline.middle) for ring in outline.rings)] == []


def test_the_drawing_is_france() -> None:
    middle = {outline.code: outline.middle for outline in outlines()}
    assert middle["59"][1] < middle["75"][1] < middle["26"][1] < middle["66"][1], "from north to south"
    assert middle["29"][0] < middle["75"][0] < middle["67"][0] < middle["2B"][0], "from west to east"


def test_a_map_holds_everything_and_paris_and_its_neighbours_twice() -> None:
    assert len(placed()) == 105
    assert [one.outline.code for one in placed() if one.again] == list(ENLARGED)
    assert {one.outline.code for one in placed()} == {outline.code for outline in outlines()}
    for one in placed():
        left, top = one.at(one.outline.box[:2])
        right, bottom = one.at(one.outline.box[2:])
        assert left >= 0
        assert top >= 0
        assert right <= WIDTH
        assert bottom <= HEIGHT
        if one.scale != 1 and one.outline.code in ENLARGED:
            assert FRAME[0] < left < right < FRAME[2]
            assert FRAME[1] < top < bottom < FRAME[3]


def test_nothing_of_the_mainland_lies_under_the_frame_or_the_row_below() -> None:
    row = min(one.at(one.outline.box[:2])[1] for one in placed() if one.outline.code in OVERSEAS)
    for one in placed():
        if one.scale == 1:
            points = [point for ring in one.outline.rings for point in ring]
            assert not [point for point in points if point[0] <= FRAME[2] and point[1] <= FRAME[3]], one.outline.code
            assert max(y for _, y in points) < row
