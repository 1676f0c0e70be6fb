"""What ticketing needs to know of customers: a replica fed by profile's events, so that it works with profile down."""
