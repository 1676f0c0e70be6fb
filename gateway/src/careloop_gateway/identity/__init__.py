"""Who is calling: API keys and access tokens in, internal tokens out."""
