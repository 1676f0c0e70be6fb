"""The statements of this slice."""
