"""Rules about notices: who is addressed (`roster`), and that each person is told once (`telling`)."""
