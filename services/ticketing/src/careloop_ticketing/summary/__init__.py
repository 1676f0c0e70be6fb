"""Where the tickets stand, in figures that name their numerator and denominator."""
