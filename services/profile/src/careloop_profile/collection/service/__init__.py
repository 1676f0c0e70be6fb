"""Use cases of collection: reading what others send, applying what it says of customers, and trying again."""
