"""Views: rules under a name by which people list tickets, their own or everybody's."""
