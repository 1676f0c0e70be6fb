"""What tags are made of, and when a person has one."""
