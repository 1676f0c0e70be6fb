"""What may change in a published event: nothing but new optional fields.

Producers and consumers are deployed apart, and streams hold what older producers wrote. A field that is new must be
one that old messages may lack; everything that was there stays as it was, since an older consumer reads it so. What
has to change otherwise becomes a V2 beside the V1.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_PROSE = frozenset({"title", "description", "examples", "$schema", "$id", "$comment", "deprecated"})
"""Keywords that bind nobody."""

_WALKED = frozenset({"$defs", "$ref", "properties", "required", "items", "anyOf", "enum", "const"})


def violations(old: Schema, new: Schema) -> list[str]:
    """Return what in `new` breaks the promise of `old`; empty when it only adds."""
    return list(_compare(old, new, _Scope(old, new), "$", frozenset()))


class _Scope:
    """The two documents that references point into."""

    def __init__(self, old: Schema, new: Schema) -> None:
        self._old = old
        self._new = new

    def old(self, schema: Schema) -> Schema:
        return _resolve(schema, self._old)

    def new(self, schema: Schema) -> Schema:
        return _resolve(schema, self._new)


def _resolve(schema: Schema, document: Schema) -> Schema:
    while reference := schema.get("$ref"):
        target: Any = document
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]
        schema = target
    return schema


def _compare(
    old: Schema, new: Schema, scope: _Scope, path: str, seen: frozenset[tuple[int, int]]
) -> Iterator[str]:
    old, new = scope.old(old), scope.new(new)
    if (id(old), id(new)) in seen:
        return
    seen |= {(id(old), id(new))}
    yield from _compare_properties(old, new, scope, path, seen)
    yield from _compare_enums(old, new, path)
    yield from _compare_alternatives(old, new, scope, path, seen)
    if ("items" in old) and ("items" in new):
        yield from _compare(old["items"], new["items"], scope, f"{path}[]", seen)
    elif ("items" in old) != ("items" in new):
        yield f"{path}: items changed"
    for keyword in sorted((old.keys() | new.keys()) - _PROSE - _WALKED):
        was, now = old.get(keyword), new.get(keyword)
        if was != now:
            yield f"{path}: {keyword} changed from {was!r} to {now!r}"


def _compare_properties(
    old: Schema, new: Schema, scope: _Scope, path: str, seen: frozenset[tuple[int, int]]
) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    needed, needs = set(old.get("required", ())), set(new.get("required", ()))
    for name in sorted(before.keys() - after.keys()):
        yield f"{path}.{name}: removed"
    for name in sorted(after.keys() - before.keys()):
        if name in needs:
            yield f"{path}.{name}: new and required"
    for name in sorted(before.keys() & after.keys()):
        if name in needs - needed:
            yield f"{path}.{name}: now required"
        if name in needed - needs:
            yield f"{path}.{name}: no longer required"
        yield from _compare(before[name], after[name], scope, f"{path}.{name}", seen)


def _compare_enums(old: Schema, new: Schema, path: str) -> Iterator[str]:
    before, after = _values(old), _values(new)
    if before is None and after is None:
        return
    if before is None or after is None:
        yield f"{path}: {'became' if before is None else 'is no longer'} a closed set"
        return
    for value in sorted(after - before, key=repr):
        yield f"{path}: new value {value!r}"
    for value in sorted(before - after, key=repr):
        yield f"{path}: value {value!r} removed"


def _values(schema: Schema) -> set[Any] | None:
    if "const" in schema:
        return {schema["const"]}
    return set(schema["enum"]) if "enum" in schema else None


def _compare_alternatives(
    old: Schema, new: Schema, scope: _Scope, path: str, seen: frozenset[tuple[int, int]]
) -> Iterator[str]:
    before, after = old.get("anyOf", ()), new.get("anyOf", ())
    if len(before) != len(after):
        yield f"{path}: {len(before) or 'no'} alternatives became {len(after) or 'none'}"
        return
    for number, (was, now) in enumerate(zip(before, after, strict=True)):
        yield from _compare(was, now, scope, f"{path}|{number}", seen)
