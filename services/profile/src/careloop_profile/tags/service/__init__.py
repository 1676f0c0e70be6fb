"""What is done with tags: looking at persons, defining, asking why."""
