"""Use cases on relations and on what follows from them."""
