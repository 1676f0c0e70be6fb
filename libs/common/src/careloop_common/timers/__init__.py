"""Timers: rows with a time at which something is to happen, armed and fired within transactions.

`arm` and `cancel` belong to the transaction that makes the timer necessary or pointless. `TimerWorker` claims what is
due, runs the handler and commits both at once, so that an effect happens exactly once, however often a process dies.
"""

from careloop_common.timers.arming import (
    WAKE,
    NewTimer,
    arm,
    arm_all,
    arm_chosen,
    cancel,
    cancel_all,
    in_other_hands,
    retry_dead,
    revive,
)
from careloop_common.timers.due import (
    Alone,
    BatchHandler,
    DueTimer,
    Handler,
    InBatches,
    TimerHandler,
    alone,
    in_batches,
)
from careloop_common.timers.worker import TimerWorker

__all__ = [
    "WAKE",
    "Alone",
    "BatchHandler",
    "DueTimer",
    "Handler",
    "InBatches",
    "NewTimer",
    "TimerHandler",
    "TimerWorker",
    "alone",
    "arm",
    "arm_all",
    "arm_chosen",
    "cancel",
    "cancel_all",
    "in_batches",
    "in_other_hands",
    "retry_dead",
    "revive",
]
