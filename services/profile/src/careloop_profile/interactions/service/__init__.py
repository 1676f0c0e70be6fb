"""Taking interactions in, and storing them."""
