"""Files of tickets: taken as what they are and not as what they say, sealed outside the rows, each under its own key."""
