"""What the operator sells: products, plans, their list prices and allowances."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    product: str
    name: str
    list_price: float
    data_gb: float
    voice_min: float
    contract_share: float  # how many of its customers are bound by a contract
    devices: int  # lines and devices that the plan serves


PREPAID = Plan("mobile", "轻享预付费", 19, 3, 60, 0.0, 1)
BASIC = Plan("mobile", "畅享39", 39, 10, 120, 0.15, 1)
STANDARD = Plan("mobile", "畅享79", 79, 30, 300, 0.45, 1)
FIVE_G = Plan("mobile", "5G优选129", 129, 60, 500, 0.65, 2)
FIVE_G_TOP = Plan("mobile", "5G尊享239", 239, 150, 1000, 0.75, 2)
SENIOR = Plan("mobile", "孝心29", 29, 5, 200, 0.1, 1)
BROADBAND = Plan("broadband", "家庭宽带300M", 69, 250, 0, 0.7, 4)
FUSION = Plan("fusion", "全家融合159", 159, 320, 600, 0.8, 6)
FUSION_GIGA = Plan("fusion", "千兆融合299", 299, 600, 1500, 0.85, 8)
COMPANY = Plan("enterprise", "企业云网通", 899, 900, 4000, 0.95, 18)
COMPANY_SMALL = Plan("enterprise", "商企优选399", 399, 400, 1800, 0.85, 7)

SHARES: dict[str, dict[Plan, float]] = {
    "individual": {PREPAID: 0.16, BASIC: 0.24, STANDARD: 0.28, FIVE_G: 0.22, FIVE_G_TOP: 0.10},
    "elderly": {SENIOR: 0.55, BASIC: 0.3, STANDARD: 0.15},
    "household": {BROADBAND: 0.35, FUSION: 0.45, FUSION_GIGA: 0.2},
    "enterprise": {COMPANY_SMALL: 0.65, COMPANY: 0.35},
}
CATALOGUE: dict[str, Plan] = {plan.name: plan for shares in SHARES.values() for plan in shares}
