"""Provinces and cities with their share of customers."""

from random import Random

from careloop_local.simulator.dice import pick

CITIES: dict[str, dict[str, float]] = {
    "广东": {"广州": 4, "深圳": 4, "东莞": 2, "佛山": 1.5},
    "江苏": {"南京": 3, "苏州": 3, "无锡": 1.5},
    "浙江": {"杭州": 3.5, "宁波": 2, "温州": 1.5},
    "山东": {"济南": 2, "青岛": 2.5, "烟台": 1},
    "四川": {"成都": 4, "绵阳": 1},
    "湖北": {"武汉": 3.5, "宜昌": 0.8},
    "湖南": {"长沙": 2.5, "衡阳": 0.8},
    "河南": {"郑州": 3, "洛阳": 1.2},
    "河北": {"石家庄": 1.8, "唐山": 1},
    "陕西": {"西安": 3},
    "福建": {"福州": 1.5, "厦门": 1.5},
    "辽宁": {"沈阳": 1.6, "大连": 1.5},
    "黑龙江": {"哈尔滨": 1.5},
    "云南": {"昆明": 1.6},
    "新疆": {"乌鲁木齐": 0.8},
    "北京": {"北京": 5},
    "上海": {"上海": 5},
    "重庆": {"重庆": 3},
    "天津": {"天津": 2},
}

REGIONS: dict[tuple[str, str], float] = {
    (province, city): share for province, cities in CITIES.items() for city, share in cities.items()
}


def place(dice: Random) -> tuple[str, str]:
    """A province and a city of it."""
    return pick(dice, REGIONS)


def region(province: str, city: str) -> str:
    """How the region of a customer is written: a municipality once, others as province/city."""
    return city if province == city else f"{province}/{city}"
