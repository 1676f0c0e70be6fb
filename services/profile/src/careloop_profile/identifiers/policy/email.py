import re
from dataclasses import replace

from careloop_profile.identifiers.policy.outcome import Outcome, Reason, refused
from careloop_profile.identifiers.policy.text import clean, is_placeholder

_ADDRESS = re.compile(
    r"(?P<local>[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*)"
    r"@(?P<domain>(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9])"
)
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
# Only spellings that nobody owns a mailbox under: a wrong repair sends a customer's data to a stranger.
_MISSPELT = {
    "gmial.com": "gmail.com",
    "gamil.com": "gmail.com",
    "gmail.con": "gmail.com",
    "gmail.cmo": "gmail.com",
    "163.con": "163.com",
    "126.con": "126.com",
    "qq.con": "qq.com",
    "qq.cmo": "qq.com",
    "hotmial.com": "hotmail.com",
    "hotmail.con": "hotmail.com",
    "outlook.con": "outlook.com",
    "yahoo.con": "yahoo.com",
    "sina.con": "sina.com",
    "foxmail.con": "foxmail.com",
}
_MAX_LOCAL, _MAX_ADDRESS = 64, 254


def normalise_email(raw: str) -> Outcome:
    """The address in lower case, or the reason why it is none."""
    text = _MAILTO.sub("", clean(raw.translate(_FULL_STOPS)))
    if is_placeholder(text):
        return refused(Reason.PLACEHOLDER if text else Reason.EMPTY)
    if text.count("@") > 1 and re.search(r"[;,、|\s]", text):
        return refused(Reason.SEVERAL_VALUES)
    joined = text.replace(" ", "")
    outcome = _parsed(joined if joined.isascii() else _with_ascii_domain(joined))
    return replace(outcome, repaired=True) if outcome.value and joined != text else outcome


def _parsed(address: str) -> Outcome:
    match = _ADDRESS.fullmatch(address)
    if len(address) > _MAX_ADDRESS or (match and len(match["local"]) > _MAX_LOCAL):
        return refused(Reason.TOO_LONG)
    if match is None:
        return refused(Reason.SYNTAX)
    local, domain = match["local"].lower(), match["domain"].lower()
    if domain in _FAKE_DOMAINS or (local in _FAKE_LOCALS and domain.split(".")[0] in _FAKE_LOCALS):
        return refused(Reason.PLACEHOLDER)
    spelt = _MISSPELT.get(domain, domain)
    return Outcome(f"{local}@{spelt}", repaired=spelt != domain)


def _with_ascii_domain(address: str) -> str:
    local, at, domain = address.rpartition("@")
    try:
        return local + at + domain.encode("idna").decode("ascii")
    except UnicodeError:
        return address
