from careloop_common.errors import DomainError, Kind


class ArtefactDamaged(DomainError):
    kind = Kind.UNAVAILABLE
    code = "model_artefact_damaged"
    title = "Model artefact damaged"
