"""What the two versions of the interface look like, and how their words and ours correspond."""
