"""Use cases on what customers allow, and on how and when they want to be reached."""

from careloop_profile.consents.service.blocks import BLOCK_END, block, end, end_due
from careloop_profile.consents.service.declaring import Statement, declare
from careloop_profile.consents.service.effective import Standing, in_force
from careloop_profile.consents.service.expiring import expire_due
from careloop_profile.consents.service.notices import find_notice, publish_notice
from careloop_profile.consents.service.proving import Proof, prove
from careloop_profile.consents.service.registers import (
    Register,
    list_numbers,
    registers,
    remove_numbers,
    tell,
)
from careloop_profile.consents.service.wishes import Wishes, wish

__all__ = [
    "BLOCK_END",
    "Proof",
    "Register",
    "Standing",
    "Statement",
    "Wishes",
    "block",
    "declare",
    "end",
    "end_due",
    "expire_due",
    "find_notice",
    "in_force",
    "list_numbers",
    "prove",
    "publish_notice",
    "registers",
    "remove_numbers",
    "tell",
    "wish",
]
