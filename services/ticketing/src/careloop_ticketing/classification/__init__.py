"""What a text is about: five causes, three tiers, severity, decided by a versioned rule set and corrected by people."""
