"""Calendars of working time: versioned documents, compiled into intervals on which hours are counted.

This slice is a leaf: it knows neither tickets nor clocks. Others use `service.of`, `service.current` and what
`policy.compiled.Compiled` answers.
"""
