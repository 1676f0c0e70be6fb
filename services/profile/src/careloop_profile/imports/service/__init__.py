"""Uploading files in parts, and reading them chunk by chunk."""
