"""What people taught: their corrections with the texts, how often a rule set was wrong, what a new one would change."""
