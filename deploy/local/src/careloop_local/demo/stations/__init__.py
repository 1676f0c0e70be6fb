"""The stations of the loop, in modules of their own."""
