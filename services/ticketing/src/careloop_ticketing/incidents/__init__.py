"""One fault that many customers complain of: a ticket of its own with the others as its children."""
