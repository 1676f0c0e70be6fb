"""Who is told of what (通知): the duty roster (值班表), and the notices that people read and acknowledge.

This slice knows no tickets: what a notice is about is an id and a number to it. Whoever changes a ticket says here what
happened and to whom it matters; what carries a notice out of the house hears `ticket.noticed`.
"""
