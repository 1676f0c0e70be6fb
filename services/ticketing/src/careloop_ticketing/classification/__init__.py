"""What a text is about: five causes, three tiers, severity, product and emotion, suggested by a versioned rule set and corrected by people."""
