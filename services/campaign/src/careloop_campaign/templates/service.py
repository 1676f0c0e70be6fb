"""The shipped texts, rendered in a sandbox.

Values are data, never template source: a customer named `{{ 7*7 }}` reads exactly that. Control characters are dropped, so
that no value can start a header or hide text; HTML is escaped in the one layout that all mails share.
"""

import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import jinja2
import yaml
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel, ConfigDict

from careloop_campaign.templates.errors import TemplateBroken, TemplateUnknown
from careloop_campaign.templates.policy import Choice, Rendered

NAMES = ("retention_offer", "satisfaction_question", "complaint_acknowledged", "callback_scheduled")
LANGUAGES = frozenset({"zh", "en"})
UNSUBSCRIBE_LABEL = {"zh": "不想再收到此类消息？点此退订", "en": "Unsubscribe from messages like this"}
UNNAMED = {"zh": "尊敬的客户", "en": "customer"}
LONGEST_VALUE = 200


class _Text(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: str
    text: str


class Template(BaseModel):
    """One version of a template: a text for every language and variant."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    version: int
    purpose: str
    texts: dict[str, dict[str, _Text]]


def render(
    choice: Choice, values: Mapping[str, Any], *, name: str | None, unsubscribe_url: str | None
) -> Rendered:
    """Subject, text and HTML of one message; `TemplateBroken` where a value is missing."""
    template = load(choice.template)
    data = {"number": None, **values, "name": name or UNNAMED.get(choice.language)}
    try:
        subject = _compiled(choice, "subject").render(data)
        text = _compiled(choice, "text").render(data)
        if unsubscribe_url:
            text += f"\n\n{UNSUBSCRIBE_LABEL[choice.language]} {unsubscribe_url}"
        html = _html(choice, subject, text, unsubscribe_url)
    except TemplateError as error:
        raise TemplateBroken(f"{choice.template} v{template.version}: {error}") from error
    return Rendered(subject=subject, text=text, html=html, version=template.version)


@cache
def load(name: str) -> Template:
    if name not in NAMES:
        raise TemplateUnknown(f"There is no template {name!r}.")
    return Template.model_validate(yaml.safe_load(_file(f"{name}.yaml")))


def printable(value: object) -> object:
    """A value as text without control, format or line-breaking characters, and no longer than a name has any need to be."""
    if not isinstance(value, str):
        return value
    kept = (c if unicodedata.category(c)[0] != "C" else " " for c in value[:LONGEST_VALUE])
    return " ".join("".join(kept).split())


def _html(choice: Choice, subject: str, text: str, unsubscribe_url: str | None) -> str:
    paragraphs = [paragraph for paragraph in text.split("\n\n") if paragraph.strip()]
    return _layout().render(
        language=choice.language,
        large=choice.variant == "plain_large",
        subject=subject,
        paragraphs=paragraphs[:-1] if unsubscribe_url else paragraphs,
        unsubscribe_url=unsubscribe_url,
        unsubscribe_label=UNSUBSCRIBE_LABEL[choice.language],
    )


@cache
def _compiled(choice: Choice, part: Literal["subject", "text"]) -> jinja2.Template:
    try:
        source: _Text = load(choice.template).texts[choice.language][choice.variant]
    except KeyError as error:
        raise TemplateUnknown(f"{choice.template} has no {choice.language}/{choice.variant}.") from error
    return _plain().from_string(getattr(source, part).strip())


@cache
def _layout() -> jinja2.Template:
    environment = ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.from_string(_file("layout.html.j2"))


@cache
def _plain() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(autoescape=False, undefined=StrictUndefined, finalize=printable)


@cache
def _file(name: str) -> str:
    return (files("careloop_campaign.templates") / "defaults" / name).read_text(encoding="utf-8")
