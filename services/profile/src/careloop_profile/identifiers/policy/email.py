import re
from functools import lru_cache
from typing import Final

from careloop_profile.identifiers.policy.outcome import Outcome, Reason, flagged, refused, repair
from careloop_profile.identifiers.policy.text import clean, is_placeholder
from careloop_profile.identifiers.policy.typos import one_slip

_ADDRESS = re.compile(
    r"(?P<local>[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*)"
    r"@(?P<domain>(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9])"
)
_USUAL = re.compile(r"([a-z0-9]+(?:[._-][a-z0-9]+)*)@([a-z0-9]+\.[a-z]+)", re.ASCII)
_MAILTO = re.compile(r"^mailto:|^<|>$", re.IGNORECASE)
_FULL_STOPS = str.maketrans("。．｡", "...")

_FAKE_LOCALS = frozenset(
    {
        "test",
        "none",
        "null",
        "na",
        "noemail",
        "no-email",
        "nomail",
        "no",
        "xxx",
        "a",
        "aa",
        "aaa",
        "abc",
        "asdf",
        "123",
    }
)
_FAKE_DOMAINS = frozenset(
    {
        "test.com",
        "example.com",
        "example.org",
        "example.net",
        "none.com",
        "null.com",
        "a.com",
        "aa.com",
        "abc.com",
    }
    | {"xxx.com", "noemail.com", "123.com", "test.cn"}
)
_FREQUENT: Final = frozenset(
    {
        *("qq.com", "163.com", "126.com", "139.com", "189.cn", "wo.cn", "sina.com", "sina.cn", "sohu.com"),
        *("foxmail.com", "aliyun.com", "yeah.net", "188.com", "21cn.com", "tom.com", "gmail.com"),
        *("hotmail.com", "outlook.com", "yahoo.com", "icloud.com", "live.com", "msn.com", "live.cn"),
    }
)
"""Where nearly all mailboxes are; a domain close to one of them, that is none of `_NEIGHBOURS`, is a slip."""
_NEIGHBOURS = frozenset(
    {"mail.com", "email.com", "ymail.com", "me.com", "mac.com", "gmx.com", "live.ca", "qq.cn", "wo.com.cn"}
)
# Only spellings that nobody owns a mailbox under: a wrong repair sends a customer's data to a stranger.
_MISSPELT = {"gmial.com": "gmail.com", "gamil.com": "gmail.com", "hotmial.com": "hotmail.com"}
_NO_ENDING = re.compile(r"\.(?:con|cmo|ocm|comm|vom|cim|xom|cpm|coom|conm|cnm)$")
"""Meant to be .com, and never a top-level domain."""
_COMMA = re.compile(r"(?<=[a-z0-9]),(?=(?:com|cn|net)$)", re.IGNORECASE)
_ROLES = frozenset(
    {
        *("admin", "billing", "contact", "donotreply", "do-not-reply", "help", "hr", "info", "kefu", "mail"),
        *("marketing", "noreply", "no-reply", "office", "postmaster", "sales", "service", "support"),
        *("webmaster", "root", "hostmaster", "abuse"),
    }
)
_REMARKABLE = _FAKE_LOCALS | _ROLES
_MAX_LOCAL, _MAX_ADDRESS = 64, 254


def normalise_email(raw: str) -> Outcome:
    """The address in lower case, or the reason why it is none."""
    usual = _USUAL.fullmatch(raw)
    if usual and usual[2] in _FREQUENT and usual[1] not in _REMARKABLE and len(usual[1]) <= _MAX_LOCAL:
        return Outcome(raw)
    text = _MAILTO.sub("", clean(raw.translate(_FULL_STOPS)))
    if is_placeholder(text):
        return refused(Reason.PLACEHOLDER if text else Reason.EMPTY)
    if text.count("@") > 1 and re.search(r"[;,、|\s]", text):
        return refused(Reason.SEVERAL_VALUES)
    joined = text.replace(" ", "")
    dotted = _COMMA.sub(".", joined)
    outcome = _parsed(dotted if dotted.isascii() else _with_ascii_domain(dotted))
    for rule, changed in (("blanks", joined != text), ("comma_for_dot", dotted != joined)):
        if changed and outcome.value:
            outcome = repair(outcome, outcome.value, rule, 1.0)
    return outcome


def _parsed(address: str) -> Outcome:
    match = _ADDRESS.fullmatch(address)
    if len(address) > _MAX_ADDRESS or (match and len(match["local"]) > _MAX_LOCAL):
        return refused(Reason.TOO_LONG)
    if match is None:
        return refused(Reason.SYNTAX)
    local, domain = match["local"].lower(), match["domain"].lower()
    if domain in _FAKE_DOMAINS or (local in _FAKE_LOCALS and domain.split(".")[0] in _FAKE_LOCALS):
        return refused(Reason.PLACEHOLDER)
    written = Outcome(f"{local}@{domain}")
    if domain not in _FREQUENT:
        spelt, confidence = _meant(domain)
        if not spelt:
            written = flagged(written, "domain_typo")
        elif spelt != domain:
            written = repair(written, f"{local}@{spelt}", "domain_typo", confidence)
    return flagged(written, "role_account") if local in _ROLES else written


@lru_cache(maxsize=10_000)
def _meant(domain: str) -> tuple[str, float]:
    """The domain that somebody wanted to write, and how certain that is; empty for one of several."""
    if domain in _MISSPELT:
        return _MISSPELT[domain], 0.9995
    ended = _NO_ENDING.sub(".com", domain)
    if ended in _FREQUENT:
        return ended, 0.9995
    if domain in _NEIGHBOURS:
        return domain, 1.0
    near = [known for known in _FREQUENT if one_slip(domain, known)]
    if near:
        return near[0] if len(near) == 1 else "", 0.98
    return ended, 0.98


def _with_ascii_domain(address: str) -> str:
    local, at, domain = address.rpartition("@")
    try:
        return local + at + domain.encode("idna").decode("ascii")
    except UnicodeError:
        return address
