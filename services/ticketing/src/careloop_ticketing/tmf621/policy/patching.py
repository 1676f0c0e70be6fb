"""The two forms of a patch: JSON Merge Patch (RFC 7396) and JSON Patch (RFC 6902) with add, replace and remove.

One thing more is taken, for the document of TMF621 does it: what is added to a list by the name of the list alone is the last of it.
"""

import copy
from collections.abc import Sequence
from typing import Any

from careloop_ticketing.tmf621.errors import ParameterNotImplemented, PatchInvalid
from careloop_ticketing.tmf621.policy.documents import LISTS

_MOST = 200


def merged(target: Any, patch: Any) -> Any:
    """`target` with a merge patch applied: null removes, objects go deeper, all else replaces."""
    if not isinstance(patch, dict):
        return patch
    found = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = merged(found.get(name), value)
    return found


def patched(target: dict[str, Any], operations: Any) -> dict[str, Any]:
    """`target` with the operations applied in order; `PatchInvalid` for one that cannot be."""
    if not isinstance(operations, list):
        raise PatchInvalid("A JSON Patch is an array of operations.")
    if len(operations) > _MOST:
        raise PatchInvalid(f"A JSON Patch may have {_MOST} operations.")
    found = copy.deepcopy(target)
    for place, operation in enumerate(operations):
        _apply(found, operation, f"/{place}")
    return found


def _apply(document: dict[str, Any], operation: Any, at: str) -> None:
    if not isinstance(operation, dict) or not isinstance(operation.get("path"), str):
        raise PatchInvalid("An operation is an object with op and path.", pointer=at)
    op, path = str(operation.get("op")), operation["path"]
    if op in {"move", "copy", "test"}:
        raise ParameterNotImplemented(f"The operation {op} is not implemented: use add, replace or remove.")
    if op not in {"add", "replace", "remove"}:
        raise PatchInvalid("op is one of add, replace and remove.", pointer=f"{at}/op")
    if op != "remove" and "value" not in operation:
        raise PatchInvalid(f"{op} needs a value.", pointer=f"{at}/value")
    if not path.startswith("/"):
        raise PatchInvalid("path is a JSON Pointer to a member of the ticket.", pointer=f"{at}/path")
    *parents, last = [step.replace("~1", "/").replace("~0", "~") for step in path[1:].split("/")]
    holder = _descend(document, parents, at)
    value = copy.deepcopy(operation.get("value"))
    if op == "add" and isinstance(value, dict) and not parents and last in LISTS:
        holder, last = document.setdefault(last, []), "-"
    if isinstance(holder, dict):
        _member(holder, last, op, value, at)
    elif isinstance(holder, list):
        _item(holder, last, op, value, at)
    else:
        raise PatchInvalid("path leads into a value that has no members.", pointer=f"{at}/path")


def _descend(document: Any, steps: Sequence[str], at: str) -> Any:
    for step in steps:
        if isinstance(document, dict) and step in document:
            document = document[step]
        elif isinstance(document, list) and _is_index(step) and int(step) < len(document):
            document = document[int(step)]
        else:
            raise PatchInvalid("path leads nowhere.", pointer=f"{at}/path")
    return document


def _is_index(step: str) -> bool:
    """RFC 6901: ASCII digits without a zero in front, and no more of them than an array can have."""
    return step.isascii() and step.isdecimal() and len(step) < 10 and (step == "0" or step[0] != "0")


def _member(holder: dict[str, Any], name: str, op: str, value: Any, at: str) -> None:
    if op != "add" and name not in holder:
        raise PatchInvalid("path leads nowhere.", pointer=f"{at}/path")
    if op == "remove":
        del holder[name]
    else:
        holder[name] = value


def _item(holder: list[Any], step: str, op: str, value: Any, at: str) -> None:
    if op == "add" and step == "-":
        holder.append(value)
        return
    last = len(holder) if op == "add" else len(holder) - 1
    if not _is_index(step) or int(step) > last:
        raise PatchInvalid("path leads nowhere.", pointer=f"{at}/path")
    if op == "add":
        holder.insert(int(step), value)
    elif op == "replace":
        holder[int(step)] = value
    else:
        del holder[int(step)]


def demand_object(patch: Any) -> dict[str, Any]:
    """A merge patch of a resource is an object: anything else would put another value in its place."""
    if not isinstance(patch, dict):
        raise PatchInvalid("The patch of a ticket is an object.")
    return patch
