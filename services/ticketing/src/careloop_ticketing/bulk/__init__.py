"""One act on many tickets, as a job: tried first if one likes, done in the background, item by item, and undone."""
