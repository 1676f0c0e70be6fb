"""Drills 演练: what a team exercised, what was found, and who does what about it until when."""
