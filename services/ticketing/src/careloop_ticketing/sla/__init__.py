"""Service-level agreements: clocks that run and pause, the policies that set their targets, the ladders along them.

This slice knows no tickets. It clocks a `subject_id`; whoever calls it holds the lock on that subject.
"""
