"""Obeying who wants to be forgotten."""
