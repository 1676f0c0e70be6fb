"""Who gets which ticket 派单: the routing that says what a ticket needs, and the line in which it waits for somebody.

Read `policy/choosing.py` first, then `policy/routing.py` and `service/dispatching.py`.
"""
