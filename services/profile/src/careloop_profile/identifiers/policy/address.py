"""Chinese postal addresses, from the province down to the room; others are only tidied.

Provinces and prefectures are known by name; below them the parts are told by how they end (区, 街道, 路, 号, 室). What is not
written is reported as missing and never filled in. The one exception is the province of a prefecture, which has only one.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from careloop_profile.identifiers.policy.divisions import MUNICIPALITIES, PREFECTURES, PROVINCES, short
from careloop_profile.identifiers.policy.outcome import Outcome, Reason, flagged, refused, repair
from careloop_profile.identifiers.policy.text import clean, is_placeholder

_USUAL = re.compile(
    r"([一-鿿]{2,7}(?:省|自治区))([一-鿿]{1,10}?(?:市|自治州|地区|盟))[一-鿿]{1,8}?[区县市]"
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
UNDIVIDED: Final = frozenset({"东莞市", "中山市", "儋州市", "三沙市", "嘉峪关市"})
"""Cities without districts."""
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
        whole = self.city in UNDIVIDED
        return tuple(
            name for name in needed if not getattr(self, name) and not (whole and name == "district")
        )


def normalise_address(raw: str) -> Outcome:
    """The address in one line, what it lacks flagged; or the reason why it is none."""
    usual = _USUAL.fullmatch(raw)
    if usual and _PROVINCE_OF.get(usual[2]) == usual[1] and usual[2] * 2 not in raw:
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
    for part in found.missing:
        outcome = flagged(outcome, f"missing_{part}")
    return outcome


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
    rest, district = _take(_DISTRICT, rest)
    rest, town = _take(_TOWN, rest)
    rest, street = _take(_STREET, rest)
    rest, number = _take(_NUMBER, rest)
    room = _ROOM.search(rest)
    detail = rest[: room.start()] if room else rest
    found = Address(province, city, district, town, street, number, detail, room[1] if room else "", postcode)
    return found, rules


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
    if city is None or (province and not city.full and _PROVINCE_OF[city.place] != province):
        return province, "", rest
    if not province:
        province = _PROVINCE_OF[city.place]
        rules.append("province_of_city")
    return province, city.place, _once(rest[len(city.text) :], city.place, rules)


def _leading(text: str, spellings: Mapping[str, list[_Spelling]]) -> _Spelling | None:
    for one in spellings.get(text[:2], ()):
        if text.startswith(one.text + "中区"):  # 铜川市中区 is 市中区 in 铜川
            return replace(one, text=short(one.text))
        if text.startswith(one.text) and (one.full or not text.startswith(_NOT_AFTER_SHORT, len(one.text))):
            return one
    return None


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
