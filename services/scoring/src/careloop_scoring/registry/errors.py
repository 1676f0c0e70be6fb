from careloop_common.errors import DomainError, Kind


class ModelUnknown(DomainError):
    kind = Kind.NOT_FOUND
    code = "model_unknown"
    title = "Model unknown"
