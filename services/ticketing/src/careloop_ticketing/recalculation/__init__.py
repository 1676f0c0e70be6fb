"""When a calendar or a policy changes, the clocks that run follow in the background, batch by batch."""
