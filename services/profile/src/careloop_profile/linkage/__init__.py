"""Who is probably who: customers that no rule joins, compared field by field by a model, and the people who decide."""
