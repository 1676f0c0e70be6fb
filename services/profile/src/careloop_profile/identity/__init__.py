"""Who is who: which customers of which sources are one person, on what evidence, and how that is taken back."""
