"""What is wrong with personal data on its way in: read, repaired where that is sure, and written down for somebody to look."""
