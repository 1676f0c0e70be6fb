"""Subjects by the words of their texts, newest first, however rare or common the words are.

It knows no tickets: it indexes texts of a `subject_id` that has a place (`seq`) in the order of coming in.
"""
