"""Personal data as files have them: clean values, and what people, forms and spreadsheets make of them.

A corruption gives the text and whether it can be undone. One that can must be undone; one that cannot, because what was
lost is nowhere in the text, must be refused or flagged. What turns one good value into another good value (two swapped
digits at the end of a phone number, a domain that is another provider's) leaves no trace and is not part of this.
"""

from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple

from _clean_values import DOMAINS, address, day, email, identity_number, name, phone
from _paper_corruptions import ADDRESSES, DAYS, IDENTITY_NUMBERS
from _slips import Corruption, doubled, dropped, sprinkled, swapped

_WIDE = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})


_PLACEHOLDERS = ("无", "N/A", "null", "-", "未知", "暂无", "不详", "none")
_PROVIDERS = {
    *DOMAINS,
    "189.cn",
    "188.com",
    "mail.com",
    "qq.cn",
    "sina.cn",
    "136.com",
    "169.com",
    "ymail.com",
    "email.com",
}


PHONES: tuple[Corruption, ...] = (
    ("grouped", True, lambda dice, v: dice.choice(" -.").join((v[:3], v[3:7], v[7:]))),
    ("country code", True, lambda dice, v: dice.choice(("+86", "0086", "86 ", "+86-", "(+86)")) + v),
    ("spreadsheet float", True, lambda _, v: f"{v}.0"),
    ("letters", False, lambda dice, v: v.replace(*dice.choice((("1", "l"), ("0", "O"), ("5", "S")))) + "O"),
    ("digit lost", False, dropped),
    ("digit doubled", False, doubled),
    ("head swapped", False, lambda _, v: swapped(v, 0)),
    ("two numbers", False, lambda dice, v: v + dice.choice("/;、") + phone(dice)),
    ("scientific", False, lambda _, v: f"{v[0]}.{v[1:6]}E+10"),
    ("familiar fake", False, lambda dice, _: dice.choice(("13800138000", "11111111111", "12345678901"))),
)


def _domain_slip(dice: Random, value: str) -> str | None:
    """One key wrong in the domain of a provider."""
    local, domain = value.split("@")
    if domain not in DOMAINS:
        return None
    place, letter = dice.randrange(len(domain)), dice.choice("abcdefghijklmnopqrstuvwxyz0123456789")
    edits = (
        domain[:place] + domain[place + 1 :],
        domain[:place] + letter + domain[place + 1 :],
        domain[:place] + letter + domain[place:],
        swapped(domain, min(place, len(domain) - 2)) or "",
    )
    slip = dice.choice(edits)
    return None if not slip or slip in _PROVIDERS else f"{local}@{slip}"


EMAILS: tuple[Corruption, ...] = (
    ("upper case", True, lambda _, v: v.upper()),
    ("Chinese full stop", True, lambda _, v: v.replace(".", "。")),
    ("mailto", True, lambda dice, v: dice.choice((f"mailto:{v}", f"<{v}>"))),
    ("blank inside", True, lambda _, v: v.replace("@", " @ ")),
    (
        "no such ending",
        True,
        lambda dice, v: v.replace(".com", dice.choice((".con", ".cmo"))) if v.endswith(DOMAINS) else None,
    ),
    ("domain slip", False, _domain_slip),
    ("at sign lost", False, lambda _, v: v.replace("@", "")),
    ("domain lost", False, lambda _, v: v.split("@")[0] + "@"),
    ("two addresses", False, lambda dice, v: f"{v}; {email(dice)}"),
    (
        "familiar fake",
        False,
        lambda dice, _: dice.choice(("test@test.com", "none@none.com", "abc@example.com")),
    ),
    ("role account", False, lambda dice, v: dice.choice(("info", "noreply")) + "@" + v.split("@")[1]),
)


def _titled(dice: Random, value: str) -> str | None:
    if value.isascii():
        return f"{dice.choice(('Mr.', 'Ms', 'Dr.'))} {value}" if " " in value else None
    return value + dice.choice(("先生", "女士", "老师"))


NAMES: tuple[Corruption, ...] = (
    ("blanks inside", True, lambda _, v: v.replace(" ", "  ") if v.isascii() else " ".join(v)),
    ("title", True, _titled),
    (
        "family name first",
        True,
        lambda _, v: "{1}, {0}".format(*v.split()) if v.isascii() and " " in v else None,
    ),
    ("other dot", True, lambda dice, v: v.replace("·", dice.choice("．.•・")) if "·" in v else None),
    ("digit added", False, lambda dice, v: v + dice.choice("123456789")),
    ("character lost", False, lambda _, v: v[0] + "?" + v[2:] if not v.isascii() else None),
    (
        "title instead",
        False,
        lambda dice, v: v[0] + dice.choice(("先生", "女士")) if not v.isascii() else None,
    ),
    ("phone instead", False, lambda dice, _: phone(dice)),
)


EVERYWHERE: tuple[Corruption, ...] = (
    ("clean", True, lambda _, value: value),
    ("full-width", True, lambda _, value: value.translate(_WIDE)),
    ("zero-width", True, sprinkled("\u200b\u200d\ufeff\u2060")),
    ("blanks around", True, lambda _, value: f" \t{value}\u3000 "),
    ("placeholder", False, lambda dice, _: dice.choice(_PLACEHOLDERS)),
)

KINDS: dict[str, tuple[Callable[[Random], str], tuple[Corruption, ...]]] = {
    "phone": (phone, PHONES),
    "email": (email, EMAILS),
    "name": (name, NAMES),
    "identity_number": (identity_number, IDENTITY_NUMBERS),
    "birth_date": (day, DAYS),
    "address": (address, ADDRESSES),
}


class Case(NamedTuple):
    kind: str
    corruption: str
    raw: str
    truth: str
    recoverable: bool


def cases(kind: str, many: int, seed: int) -> Iterator[Case]:
    """So many values of a kind, three of ten of them clean, the others corrupted in one way each."""
    dice, (make, corruptions) = Random(f"{seed} {kind}"), KINDS[kind]
    ways = EVERYWHERE + corruptions
    while many:
        truth = make(dice)
        way, recoverable, corrupt = dice.choice(ways) if dice.random() < 0.7 else EVERYWHERE[0]
        raw = corrupt(dice, truth)
        if raw is not None:
            yield Case(kind, way, raw, f"+86{truth}" if kind == "phone" else truth, recoverable)
            many -= 1
