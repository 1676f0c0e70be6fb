"""Who works here: people with their skills, levels, hours and teams.

This slice knows no tickets: `ticket_id` of a virtual team is a name to it. What people are given to do is the business
of `dispatch`.
"""
