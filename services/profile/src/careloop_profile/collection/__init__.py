"""Messages in the words of others: the Segment specification and CloudEvents, made interactions and traits of customers."""
