"""Personal data as they should be, as many as one likes."""

from datetime import date, timedelta
from random import Random

from careloop_local.simulator.names import foreigner, person
from careloop_profile.identifiers.policy.counties import Seat, seats
from careloop_profile.identifiers.policy.divisions import MUNICIPALITIES, PREFECTURE_CODES, PREFECTURES
from careloop_profile.identifiers.policy.identity_number import check_digit

DOMAINS = ("qq.com", "163.com", "126.com", "139.com", "sina.com", "gmail.com", "outlook.com", "hotmail.com")
OWNED = ("huaxin-tech.com.cn", "mail.pku.edu.cn", "bjtel.cn", "novak.cz", "yunqi.com", "hengtong.net")
COUNTIES: dict[Seat, list[str]] = {}
for _name, _places in seats().items():
    for _place in _places:
        COUNTIES.setdefault(_place, []).append(_name)
ZONE = "高新区"
"""Many cities have one, and it is no county anywhere."""
STREETS = ("人民路", "解放大道", "中山路", "建设街", "和平巷", "朝阳大街", "长江西路", "科苑路", "文化路")
FIRST_CODES = tuple(sorted(PREFECTURE_CODES))


def phone(dice: Random) -> str:
    head = dice.choice(
        ("130", "131", "135", "136", "138", "139", "150", "158", "177", "180", "186", "189", "199")
    )
    return head + "".join(dice.choices("0123456789", k=7)) + dice.choice("3579")


def email(dice: Random) -> str:
    latin = person(dice, elderly=dice.random() < 0.3).latin
    local = (
        latin + str(dice.randrange(10, 10_000)) if dice.random() < 0.7 else f"{latin}.{dice.randrange(99)}a"
    )
    return f"{local}@{dice.choice(DOMAINS if dice.random() < 0.8 else OWNED)}"


def name(dice: Random) -> str:
    chance = dice.random()
    if chance < 0.15:
        return foreigner(dice).written
    if chance < 0.2:
        return (
            dice.choice(("买买提", "阿依古丽", "古丽娜尔")) + "·" + dice.choice(("艾力", "吐尔逊", "买买提"))
        )
    found = person(dice, elderly=dice.random() < 0.3)
    return found.latin.capitalize() if chance < 0.3 else found.written


def identity_number(dice: Random) -> str:
    born = date(1935, 1, 1) + timedelta(days=dice.randrange(27_000))
    body = f"{dice.choice(FIRST_CODES)}{dice.randrange(1, 30):02}{born:%Y%m%d}{dice.randrange(1, 999):03}"
    return body + check_digit(body)


def day(dice: Random) -> str:
    return (date(1955, 1, 1) + timedelta(days=dice.randrange(26_000))).isoformat()


def address(dice: Random) -> str:
    place = Seat(*dice.choice(PREFECTURES))
    area = "".join(place)
    if dice.random() >= 0.85:
        area = dice.choice(sorted(MUNICIPALITIES))
        place = Seat(area, area)
    zone = ZONE if dice.random() < 0.05 else ""
    district = zone or dice.choice(COUNTIES.get(place, [""]))
    detail = dice.choice(
        ("", f"{dice.randrange(1, 30)}栋{dice.randrange(101, 2500)}室", f"阳光小区{dice.randrange(1, 9)}号楼")
    )
    return f"{area}{district}{dice.choice(STREETS)}{dice.randrange(1, 900)}号{detail}"
