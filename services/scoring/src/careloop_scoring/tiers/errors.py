from careloop_common.errors import DomainError, Kind


class TierTableInvalid(DomainError):
    kind = Kind.INVALID
    code = "tier_table_invalid"
    title = "Tier table invalid"
