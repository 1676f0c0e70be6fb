"""What tickets need and who fits, as values and functions."""
