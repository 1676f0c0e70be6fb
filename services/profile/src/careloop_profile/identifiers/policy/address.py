"""Chinese postal addresses, from the province down to the room; others are only tidied.

Provinces, prefectures and counties are known by name; below them, and where a county is none that is known, the parts are
told by how they end (区, 街道, 路, 号, 室). What is not written is reported as missing and never filled in. The exceptions are the
province of a prefecture, and both of a county whose name no other has.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from careloop_profile.identifiers.policy.counties import Seat, areas, leading, only_seat, seats
from careloop_profile.identifiers.policy.divisions import MUNICIPALITIES, PREFECTURES, PROVINCES, short
from careloop_profile.identifiers.policy.outcome import SURE, Outcome, Reason, flagged, refused, repair
from careloop_profile.identifiers.policy.text import clean, is_placeholder

_USUAL = re.compile(
    r"((?:(?:北京|天津|上海|重庆)市|[一-鿿]{2,7}(?:省|自治区)[一-鿿]{1,10}?(?:市|自治州|地区|盟))[一-鿿]{1,8}?[区县市旗])"
    r"(?:[一-鿿]{1,8}?(?:街道|镇|乡))?[一-鿿]{1,12}?(?:路|街|大道|巷)[0-9]{1,5}号[一-鿿0-9A-Za-z-]{0,40}"
)
_HAN = re.compile(r"[一-鿿]")
_BLANKS = re.compile(r"(?<=[^\x00-\x7f])[\s,;]+|[\s,;]+(?=[^\x00-\x7f])|^[\s,;]+|[\s,;]+$")
_COMMAS = re.compile(r"\s*[,;]\s*(?:[,;]\s*)*")
_COUNTRY = re.compile(r"^(?:中华人民共和国|中国)")
_POSTCODE = re.compile(r"(?:邮编:?)?(?<!\d)([0-8]\d{5})$|^([0-8]\d{5})(?!\d)")
_NO_CITY = re.compile(r"^(?:市辖区|省直辖县级行政区划|自治区直辖县级行政区划)(?=[一-鿿])")
_DISTRICT = re.compile(
    r"^([^\d路号]{1,12}?(?:自治县|自治旗|县|旗|(?<![社小园校厂业])区|市(?![区中辖场政民]))(?!路|街|道))"
)
_TOWN = re.compile(r"^([^\d路号]{1,12}?(?:街道(?:办事处)?|民族乡|[镇乡](?!路|街)|苏木))")
_STREET = re.compile(
    r"^([^号]{1,20}?(?:大道|大街|路|街(?!道)|巷|弄|胡同|[道里](?=\d)|村(?!.?[路街]))(?:[东西南北中]段)?)"
)
_NUMBER = re.compile(
    r"^((?:[A-Za-z]?\d+(?:[-之]\d+)?|[一二三四五六七八九十百]+)(?:号院|弄\d+号|号(?![楼线])))"
)
_ROOM = re.compile(r"([A-Za-z]?\d{1,5}[A-Za-z]?(?:室|房|户)|(?<=[单元栋幢座楼-])[A-Za-z]?\d{3,4})$")
_NOT_AFTER_SHORT = tuple("路街道大区县市镇乡村巷")
"""中山路 is no address in 中山, 朝阳区 none in 朝阳."""
_AFTER_CITY = ("中区", "北区", "南区")
UNDIVIDED: Final = frozenset({"东莞市", "中山市", "儋州市", "三沙市", "嘉峪关市"})
"""Cities without districts."""
_AREA_MISSING: Final = frozenset({"missing_province", "missing_city"})
_LIKELY: Final = 0.99
_MUST_HAVE: Final = ("province", "city", "district", "street", "number")


@dataclass(frozen=True, slots=True)
class _Spelling:
    """How a place may be written: in full, or short (广东, 深圳)."""

    text: str
    place: str
    full: bool


def _spellings(places: Iterable[str]) -> Mapping[str, list[_Spelling]]:
    """By their first two characters, the longest first."""
    found: dict[str, list[_Spelling]] = {}
    for place in places:
        for text in dict.fromkeys((place, short(place))):
            found.setdefault(text[:2], []).append(_Spelling(text, place, text == place))
    return {key: sorted(group, key=lambda one: -len(one.text)) for key, group in found.items()}


_PROVINCES = _spellings(PROVINCES.values())
_CITIES = _spellings(place.name for place in PREFECTURES)
_PROVINCE_OF: Final = {place.name: place.province for place in PREFECTURES}


@dataclass(frozen=True, slots=True)
class Address:
    """A Chinese address. `detail` is what lies between number and room: estate, building, entrance."""

    province: str = ""
    city: str = ""
    district: str = ""
    town: str = ""
    street: str = ""
    number: str = ""
    detail: str = ""
    room: str = ""
    postcode: str = ""

    @property
    def line(self) -> str:
        """In one line, as it is written on a parcel."""
        parts = (self.area, self.district, self.town, self.street, self.number, self.detail, self.room)
        return f"{''.join(parts)} {self.postcode}".strip()

    @property
    def area(self) -> str:
        """Province and city: as much as may be shown to everybody."""
        return self.province + ("" if self.city == self.province else self.city)

    @property
    def missing(self) -> tuple[str, ...]:
        """Parts that a parcel would need. A village has no streets, and its houses no numbers."""
        rural = self.street.endswith("村") or (self.town and not self.street)
        needed = _MUST_HAVE[:3] if rural else _MUST_HAVE
        lacking = [name for name in needed if not getattr(self, name)]
        if self.city in UNDIVIDED:
            return tuple(name for name in lacking if name != "district")
        if not self.city and (self.province, "") in seats().get(self.district, ()):
            return tuple(name for name in lacking if name != "city")
        return tuple(lacking)


def normalise_address(raw: str) -> Outcome:
    """The address in one line, what it lacks flagged; or the reason why it is none."""
    usual = _USUAL.fullmatch(raw)
    if usual and usual[1] in areas():
        return Outcome(raw)
    text = clean(raw)
    if is_placeholder(text):
        return refused(Reason.PLACEHOLDER if text else Reason.EMPTY)
    if len(text) > 200:
        return refused(Reason.TOO_LONG)
    if not any(map(str.isalpha, text)):
        return refused(Reason.SYNTAX)
    if not _HAN.search(text):
        return _foreign(text)
    found, rules = _read(text)
    outcome = Outcome(found.line)
    for rule in rules:
        outcome = repair(outcome, found.line, rule, 1.0)
    if found.city and _PROVINCE_OF.get(found.city, found.province) != found.province:
        outcome = flagged(outcome, "province_contradicts_city")
    places = seats().get(found.district, ())
    if places and (found.province, found.city) not in places and _elsewhere(found, places):
        outcome = flagged(outcome, "district_not_in_city")
    for part in found.missing:
        outcome = flagged(outcome, f"missing_{part}")
    return outcome if found.city or not places else _with_area(outcome, found)


def _elsewhere(found: Address, places: Iterable[Seat]) -> bool:
    """There is such a county, but not there. Zones that are no counties may be anywhere."""
    if found.city in UNDIVIDED or not found.province:
        return False
    if not found.city:
        return all(place.province != found.province for place in places)
    return all(place.city != found.city for place in places)


def _with_area(outcome: Outcome, found: Address) -> Outcome:
    """With the city of a county that has its name alone. A district without a province may be one that is no more."""
    seat = only_seat(found.district, found.province)
    if seat is None or seat == (found.province, found.city):
        return outcome
    whole = replace(found, province=seat.province, city=seat.city)
    if found.province or not found.district.endswith("区"):
        flags = tuple(flag for flag in outcome.flags if flag not in _AREA_MISSING)
        return repair(outcome._replace(flags=flags), whole.line, "area_of_county", SURE)
    return repair(outcome, whole.line, "area_of_county", _LIKELY)


def parse_address(raw: str) -> Address:
    """The parts of a Chinese address; what is not there is empty."""
    return _read(clean(raw))[0]


def _foreign(text: str) -> Outcome:
    line = _COMMAS.sub(", ", text).strip(" ,")
    outcome = Outcome(line)
    if not any(map(str.isdigit, line)):
        outcome = flagged(outcome, "missing_number")
    return outcome


def _read(text: str) -> tuple[Address, list[str]]:
    rules: list[str] = []
    rest, postcode = _without_postcode(_COUNTRY.sub("", _BLANKS.sub("", text)))
    province, city, rest = _area(rest, rules)
    rest, district = _county(province, city, rest)
    rest, town = _take(_TOWN, rest)
    rest, street = _take(_STREET, rest)
    rest, number = _take(_NUMBER, rest)
    room = _ROOM.search(rest)
    detail = rest[: room.start()] if room else rest
    found = Address(province, city, district, town, street, number, detail, room[1] if room else "", postcode)
    return found, rules


def _county(province: str, city: str, text: str) -> tuple[str, str]:
    """What follows the county, and the county: one of the city's, any if nobody says the city, or what ends like one."""
    name = leading(text, province, city)
    return (text[len(name) :], name) if name else _take(_DISTRICT, text)


def _area(text: str, rules: list[str]) -> tuple[str, str, str]:
    """Province, city, and what follows them."""
    at_once = _leading(text, _CITIES)
    found = None if at_once and at_once.full else _leading(text, _PROVINCES)
    province, rest = (found.place, text[len(found.text) :]) if found else ("", text)
    if province:
        rest = _once(rest, province, rules)
        if province in MUNICIPALITIES:
            return province, province, _NO_CITY.sub("", rest)
        rest = _NO_CITY.sub("", rest)
    city = _leading(rest, _CITIES)
    if city is not None and not city.full:
        # 阿拉善左旗 is a county, and not 左旗 in 阿拉善.
        strange = province and _PROVINCE_OF[city.place] != province
        city = None if strange or leading(rest) else city
    if city is None:
        return province, "", rest
    if not province:
        province = _PROVINCE_OF[city.place]
        rules.append("province_of_city")
    return province, city.place, _once(rest[len(city.text) :], city.place, rules)


def _leading(text: str, spellings: Mapping[str, list[_Spelling]]) -> _Spelling | None:
    for one in spellings.get(text[:2], ()):
        if not text.startswith(one.text):
            continue
        if one.full and text.startswith(_AFTER_CITY, len(one.text)) and _shares_its_end(text, one):
            return replace(one, text=short(one.text))
        if one.full or not text.startswith(_NOT_AFTER_SHORT, len(one.text)):
            return one
    return None


def _shares_its_end(text: str, city: _Spelling) -> bool:
    """铜川市中区 is 市中区 in 铜川, and 青岛市北区 is 市北区 in 青岛; but 南区 in 中山市 is itself."""
    end = text[len(city.text) - 1 :]
    return end.startswith("市中区") or bool(leading(end, _PROVINCE_OF.get(city.place, ""), city.place))


def _once(text: str, place: str, rules: list[str]) -> str:
    """The text without the place that it has just named."""
    if not text.startswith(place):
        return text
    rules.append("written_twice")
    return _once(text[len(place) :], place, rules)


def _take(form: re.Pattern[str], text: str) -> tuple[str, str]:
    match = form.match(text)
    return (text[match.end() :], match[1]) if match else (text, "")


def _without_postcode(text: str) -> tuple[str, str]:
    match = _POSTCODE.search(text)
    if match is None:
        return text, ""
    return text[: match.start()] + text[match.end() :], match[1] or match[2]
