"""What is said of a person in a word: rules over what is known of it, kept up to date, with why and since when."""
