"""Going through all customers once a night: what linkage missed as they came, asks in vain, or holds together no more."""
