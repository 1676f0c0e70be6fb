"""Who belongs to whom: households, organisations and their lines of decision, who pays, and the days worth a word."""
