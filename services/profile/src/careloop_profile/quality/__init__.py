"""What somebody makes of the issues with personal data, and how good the data of each source are."""
