"""When a person moves on."""
