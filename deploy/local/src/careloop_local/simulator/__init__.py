"""A believable telecom operator without outside data: customers, their interactions, complaints and answers.

Everything is a pure function of a seed and a date, so that a run can be repeated and a test can state what it expects.
"""
