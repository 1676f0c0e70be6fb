"""What customers may ask for: to be forgotten, to have what is kept of them, to know who has seen it."""
