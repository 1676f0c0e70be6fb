from careloop_common.errors import DomainError, Kind


class TemplateUnknown(DomainError):
    kind = Kind.NOT_FOUND
    code = "template_unknown"
    title = "Template unknown"


class TemplateBroken(DomainError):
    kind = Kind.INVALID
    code = "template_broken"
    title = "Template cannot be rendered"
