"""Customers of an operator: who they are, what they bought, what they live through, and whether they left."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from careloop_local.simulator import churn, contacts, names, places, plans
from careloop_local.simulator.dice import between, pick, poisson, stream

LEAVERS = 0.25
KINDS = {"individual": 0.86, "household": 0.09, "enterprise": 0.05}
ELDERLY_AGE = 65


@dataclass(frozen=True, slots=True)
class Customer:
    customer_no: str
    name: str
    phone: str
    email: str | None
    kind: str
    region: str
    language: str
    joined_on: date
    left_on: date | None
    vip: bool
    birth_year: int | None
    plan: plans.Plan
    monthly_fee: float
    contract_end: date | None
    contract_remaining_days: int | None  # on the day of the export; negative where it has run out
    devices: int
    data_gb: float
    voice_min: float
    late_payments: int
    complaints_90d: int
    network_score: float
    consent_marketing: bool
    consent_care: bool
    do_not_disturb: bool
    hazard: float  # the true chance of leaving; never written to a file

    @property
    def status(self) -> str:
        return "left" if self.left_on else "active"


def simulate(count: int, *, seed: int, today: date, leavers: float = LEAVERS) -> list[Customer]:
    dice = stream(seed, "customers")
    phones: set[str] = set()
    addresses: set[str] = set()
    staying = [_customer(dice, number, today, phones, addresses) for number in range(1, count + 1)]
    fate = stream(seed, "churn")
    odds = [churn.log_odds(_situation(customer, today)) + churn.frailty(fate) for customer in staying]
    chances = churn.probabilities(odds, leavers)
    return [_live(fate, customer, chance, today) for customer, chance in zip(staying, chances, strict=True)]


def _customer(dice: Random, number: int, today: date, phones: set[str], addresses: set[str]) -> Customer:
    kind = pick(dice, KINDS)
    elderly = kind != "enterprise" and dice.random() < 0.15
    province, city = places.place(dice)
    name, language = _name(dice, kind, city, elderly=elderly)
    plan = pick(dice, plans.SHARES["elderly" if kind == "individual" and elderly else kind])
    joined = _joined_on(dice, today)
    network = round(between(dice.gauss(76, 12), 20, 100), 1)
    shock = 0.0 if dice.random() < 0.72 else dice.uniform(0.06, 0.38)
    complaints = poisson(dice, 0.18 + 0.03 * max(0.0, 75 - network) + 0.8 * shock)
    end = _contract_end(dice, plan, joined, today)
    phone = contacts.phone(dice, phones)
    return Customer(
        customer_no=f"{number:08d}",
        name=name.written,
        phone=contacts.written_phone(dice, phone),
        email=contacts.email(dice, name.latin, addresses) if dice.random() < 0.74 else None,
        kind=kind,
        region=places.region(province, city),
        language=language,
        joined_on=joined,
        left_on=None,
        vip=dice.random() < (0.03 + 0.12 * (plan.list_price > 200)),
        birth_year=None if kind == "enterprise" else _birth_year(dice, today, elderly=elderly),
        plan=plan,
        monthly_fee=round(plan.list_price * (1 + shock), 2),
        contract_end=end,
        contract_remaining_days=None if end is None else (end - today).days,
        devices=max(1, poisson(dice, plan.devices)),
        data_gb=round(plan.data_gb * between(dice.lognormvariate(-0.7, 0.9), 0, 1.6), 2),
        voice_min=round(plan.voice_min * between(dice.lognormvariate(-0.9, 0.7), 0, 1.5), 1),
        late_payments=poisson(dice, dice.choice((0.05, 0.2, 1.1))),
        complaints_90d=complaints,
        network_score=network,
        consent_marketing=dice.random() < 0.58,
        consent_care=dice.random() < 0.83,
        do_not_disturb=dice.random() < 0.05,
        hazard=0.0,
    )


def _name(dice: Random, kind: str, city: str, *, elderly: bool) -> tuple[names.Name, str]:
    if kind == "enterprise":
        return names.company(dice, city), "zh"
    if kind == "household":
        return names.household(dice, elderly=elderly), "zh"
    if dice.random() < 0.04:
        return names.foreigner(dice), "en"
    return names.person(dice, elderly=elderly), "zh"


def _joined_on(dice: Random, today: date) -> date:
    years = between(dice.weibullvariate(5.0, 1.1), 0.25, 24)
    return today - timedelta(days=round(years * 365.25))


def _birth_year(dice: Random, today: date, *, elderly: bool) -> int:
    age = dice.triangular(ELDERLY_AGE, 92, 68) if elderly else dice.triangular(18, ELDERLY_AGE - 1, 34)
    return today.year - int(age)


def _contract_end(dice: Random, plan: plans.Plan, joined: date, today: date) -> date | None:
    """Contracts of one or two years, renewed since the customer joined; the last one may just have run out."""
    if dice.random() >= plan.contract_share:
        return None
    length = timedelta(days=dice.choice((365, 730)))
    end = joined + length
    while end < today - timedelta(days=60):
        end += length
    return end


def _situation(customer: Customer, today: date) -> churn.Situation:
    return churn.Situation(
        price_shock=customer.monthly_fee / customer.plan.list_price - 1,
        network_score=customer.network_score,
        complaints=customer.complaints_90d,
        late_payments=customer.late_payments,
        tenure_years=(today - customer.joined_on).days / 365.25,
        contract_days_left=customer.contract_remaining_days,
        usage_share=customer.data_gb / customer.plan.data_gb,
        devices=customer.devices,
        vip=customer.vip,
        elderly=customer.birth_year is not None and today.year - customer.birth_year >= ELDERLY_AGE,
        kind=customer.kind,
    )


def _live(dice: Random, customer: Customer, chance: float, today: date) -> Customer:
    if dice.random() >= chance:
        return replace(customer, hazard=chance)
    return replace(customer, hazard=chance, left_on=today - timedelta(days=dice.randint(1, 30)))
