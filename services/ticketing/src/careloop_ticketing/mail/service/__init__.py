"""The use cases of e-mail. Other slices come in here; the table stays behind it."""

from careloop_ticketing.mail.service.files import Files, receiving
from careloop_ticketing.mail.service.forgetting import forget
from careloop_ticketing.mail.service.taking import Named, Taken, take
from careloop_ticketing.mail.service.telling import Thread, name_of, sender_of, thread_of

__all__ = [
    "Files",
    "Named",
    "Taken",
    "Thread",
    "forget",
    "name_of",
    "receiving",
    "sender_of",
    "take",
    "thread_of",
]
