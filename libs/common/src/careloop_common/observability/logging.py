"""Structured logs: JSON lines on standard output, standard-library loggers included, personal data redacted."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from opentelemetry import trace

_PATTERNS = [
    (re.compile(r"(?a)\bclk_[0-9A-Za-z]+_[0-9A-Za-z_-]+"), "[api-key]"),
    (re.compile(r"(?a)\beyJ[0-9A-Za-z_-]+\.[0-9A-Za-z_-]+\.[0-9A-Za-z_-]+"), "[token]"),
    (re.compile(r"(?a)(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+"), "[email]"),
    (re.compile(r"(?a)(?<!\d)\d{17}[\dXx](?![\dA-Za-z])"), "[id-number]"),
    (re.compile(r"(?a)(?<![\w.-])(?:\+|00)\d{8,15}(?!\d)"), "[phone]"),
    (re.compile(r"(?a)(?<![\w.+-])(?:(?:\+|00)?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![\w-])"), "[phone]"),
    (re.compile(r"(?i)(://[^:/@\s]+:)[^@/\s]+@"), r"\1[secret]@"),
]
_SUSPICIOUS = re.compile(r"@|eyJ|clk_|\d{4}")
"""Something of this is in whatever one of the patterns finds, and in little else."""
_ROW = re.compile(r"(?ms)^DETAIL:  .*?(?=^HINT:  |^\[SQL: |^CONTEXT:  |\n\nThe above |\n\nDuring |\Z)")
"""What PostgreSQL adds to an error: the row that broke a rule, with all that is in it."""
_SECRET_KEYS = re.compile(
    r"(?i)(password|secret|token|authorization|api_?key|^name$|phone|msisdn|email|address)"
)


def redact(text: str) -> str:
    """`text` with phone numbers, e-mail addresses, ID-card numbers, tokens and passwords replaced."""
    text = _ROW.sub("DETAIL:  [row]\n", text) if "DETAIL:" in text else text
    if _SUSPICIOUS.search(text):
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
    return text


def _redact_value(key: str, value: Any) -> Any:
    if _SECRET_KEYS.search(key) and value is not None and not isinstance(value, (bool, int, float)):
        return "[redacted]"
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {str(name): _redact_value(str(name), item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_redact_value("", item) for item in value]
    return value


def _redact_event(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        event[key] = redact(value) if key in {"event", "exception"} else _redact_value(key, value)
    return event


def _trace_ids(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = f"{context.trace_id:032x}"
        event["span_id"] = f"{context.span_id:016x}"
    return event


def configure_logging(service: str, level: str) -> None:
    """Send everything that is logged in this process through one pipeline."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _trace_ids,
        structlog.processors.format_exc_info,
        _redact_event,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared[:2],
            *shared[3:],
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for chatty in ("uvicorn.access", "nats", "aiosmtpd", "mail.log"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
