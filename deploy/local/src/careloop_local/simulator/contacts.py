"""Phone numbers of the mainland numbering plan and e-mail addresses under the top-level domain reserved for examples."""

from random import Random

from careloop_local.simulator.dice import pick

PREFIXES: dict[str, tuple[str, ...]] = {
    "mobile": ("134", "135", "136", "137", "138", "139", "150", "151", "152", "157", "158", "159", "182", "183",
               "187", "188", "195", "198"),
    "unicom": ("130", "131", "132", "155", "156", "166", "175", "176", "185", "186"),
    "telecom": ("133", "153", "173", "177", "180", "181", "189", "191", "199"),
}  # fmt: skip
OPERATORS = {"mobile": 0.56, "unicom": 0.21, "telecom": 0.23}
MAIL_DOMAINS = ("mail.example", "post.example", "inbox.example")


def phone(dice: Random, taken: set[str]) -> str:
    while True:
        number = f"{dice.choice(PREFIXES[pick(dice, OPERATORS)])}{dice.randrange(10**8):08d}"
        if number not in taken:
            taken.add(number)
            return number


def written_phone(dice: Random, number: str) -> str:
    """The number as different systems of one operator write it."""
    form = pick(dice, {"plain": 0.82, "plus": 0.06, "spaced": 0.05, "dashed": 0.04, "zeros": 0.03})
    match form:
        case "plus":
            return f"+86{number}"
        case "spaced":
            return f"{number[:3]} {number[3:7]} {number[7:]}"
        case "dashed":
            return f"{number[:3]}-{number[3:7]}-{number[7:]}"
        case "zeros":
            return f"0086{number}"
        case _:
            return number


def email(dice: Random, latin: str, taken: set[str]) -> str:
    while True:
        address = f"{latin}{dice.randrange(1, 10_000)}@{dice.choice(MAIL_DOMAINS)}"
        if address not in taken:
            taken.add(address)
            return address
