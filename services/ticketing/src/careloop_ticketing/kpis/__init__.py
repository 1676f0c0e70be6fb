"""Key figures of the service: each with numerator, denominator and what was left out, and beside it how clocks were paused."""
