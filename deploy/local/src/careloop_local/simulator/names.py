"""Names of people, households and companies, composed of common surnames and given-name characters."""

from dataclasses import dataclass
from random import Random

from careloop_local.simulator.dice import pick

# Surname -> (pinyin, relative frequency).
SURNAMES: dict[str, tuple[str, float]] = {
    "王": ("wang", 7.2), "李": ("li", 7.2), "张": ("zhang", 6.8), "刘": ("liu", 5.2), "陈": ("chen", 4.6),
    "杨": ("yang", 3.1), "黄": ("huang", 2.3), "赵": ("zhao", 2.2), "吴": ("wu", 2.0), "周": ("zhou", 1.9),
    "徐": ("xu", 1.5), "孙": ("sun", 1.5), "马": ("ma", 1.3), "朱": ("zhu", 1.3), "胡": ("hu", 1.2),
    "郭": ("guo", 1.2), "何": ("he", 1.1), "林": ("lin", 1.1), "高": ("gao", 1.0), "罗": ("luo", 1.0),
    "郑": ("zheng", 0.9), "梁": ("liang", 0.9), "谢": ("xie", 0.8), "宋": ("song", 0.8), "唐": ("tang", 0.7),
    "许": ("xu", 0.7), "韩": ("han", 0.7), "邓": ("deng", 0.7), "冯": ("feng", 0.7), "曹": ("cao", 0.6),
    "彭": ("peng", 0.6), "曾": ("zeng", 0.6), "肖": ("xiao", 0.6), "田": ("tian", 0.5), "董": ("dong", 0.5),
    "潘": ("pan", 0.5), "袁": ("yuan", 0.5), "蔡": ("cai", 0.5), "蒋": ("jiang", 0.5), "余": ("yu", 0.5),
    "于": ("yu", 0.5), "杜": ("du", 0.5), "叶": ("ye", 0.5), "程": ("cheng", 0.5), "魏": ("wei", 0.5),
    "苏": ("su", 0.4), "吕": ("lyu", 0.4), "丁": ("ding", 0.4), "任": ("ren", 0.4), "卢": ("lu", 0.4),
    "姚": ("yao", 0.4), "沈": ("shen", 0.4), "钟": ("zhong", 0.3), "姜": ("jiang", 0.3), "崔": ("cui", 0.3),
    "谭": ("tan", 0.3), "陆": ("lu", 0.3), "范": ("fan", 0.3), "汪": ("wang", 0.3), "廖": ("liao", 0.3),
    "石": ("shi", 0.3), "金": ("jin", 0.3), "韦": ("wei", 0.3), "贾": ("jia", 0.3), "夏": ("xia", 0.3),
    "欧阳": ("ouyang", 0.08), "司徒": ("situ", 0.03), "诸葛": ("zhuge", 0.02),
}  # fmt: skip

# Given-name characters by the generation that likes them.
GIVEN_OLDER: dict[str, str] = {
    "国": "guo", "建": "jian", "华": "hua", "秀": "xiu", "英": "ying", "玉": "yu", "兰": "lan", "桂": "gui",
    "明": "ming", "志": "zhi", "军": "jun", "红": "hong", "珍": "zhen", "福": "fu", "德": "de", "永": "yong",
    "芳": "fang", "凤": "feng", "强": "qiang", "淑": "shu", "荣": "rong", "平": "ping", "文": "wen", "春": "chun",
}  # fmt: skip
GIVEN_YOUNGER: dict[str, str] = {
    "伟": "wei", "静": "jing", "敏": "min", "磊": "lei", "洋": "yang", "艳": "yan", "勇": "yong", "杰": "jie",
    "娟": "juan", "涛": "tao", "超": "chao", "霞": "xia", "刚": "gang", "鹏": "peng", "婷": "ting", "雪": "xue",
    "浩": "hao", "宇": "yu", "轩": "xuan", "梓": "zi", "涵": "han", "欣": "xin", "怡": "yi", "佳": "jia",
    "俊": "jun", "思": "si", "雨": "yu", "晨": "chen", "嘉": "jia", "琪": "qi", "博": "bo", "诗": "shi",
    "子": "zi", "晓": "xiao", "丽": "li", "倩": "qian", "睿": "rui", "航": "hang", "悦": "yue", "萌": "meng",
}  # fmt: skip

LATIN_GIVEN = (
    "Anna", "Ben", "Carla", "Daniel", "Elena", "Farid", "Grace", "Hugo", "Irina", "James",
    "Keiko", "Lucas", "Maria", "Noah", "Olivia", "Paul", "Rosa", "Samuel", "Tara", "Victor",
)  # fmt: skip
LATIN_FAMILY = (
    "Adams", "Baker", "Costa", "Dubois", "Evans", "Fischer", "Garcia", "Hansen", "Ivanova", "Jones",
    "Kim", "Lopez", "Martin", "Novak", "Okafor", "Petrov", "Rossi", "Singh", "Tanaka", "Wilson",
)  # fmt: skip

COMPANY_WORDS = (
    "云启",
    "恒通",
    "博远",
    "华信",
    "鼎盛",
    "智联",
    "安捷",
    "德源",
    "海纳",
    "星河",
    "瑞丰",
    "中达",
)
COMPANY_TRADES = (
    "科技",
    "物流",
    "商贸",
    "医疗器械",
    "软件",
    "建筑工程",
    "餐饮管理",
    "教育咨询",
    "电子",
    "农业发展",
)


@dataclass(frozen=True, slots=True)
class Name:
    written: str
    latin: str  # what an e-mail address is made of


def person(dice: Random, *, elderly: bool) -> Name:
    surname = pick(dice, {name: frequency for name, (_, frequency) in SURNAMES.items()})
    characters = GIVEN_OLDER if elderly else GIVEN_YOUNGER
    given = dice.choices(list(characters), k=1 if dice.random() < 0.22 else 2)
    return Name(surname + "".join(given), SURNAMES[surname][0] + "".join(characters[c] for c in given))


def foreigner(dice: Random) -> Name:
    given, family = dice.choice(LATIN_GIVEN), dice.choice(LATIN_FAMILY)
    return Name(f"{given} {family}", f"{given}{family}".lower())


def household(dice: Random, *, elderly: bool) -> Name:
    head = person(dice, elderly=elderly)
    return Name(f"{head.written}家庭", head.latin)


def company(dice: Random, city: str) -> Name:
    written = f"{city}{dice.choice(COMPANY_WORDS)}{dice.choice(COMPANY_TRADES)}有限公司"
    return Name(written, "service")
