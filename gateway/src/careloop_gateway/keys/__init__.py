"""API keys: `clk_<id>_<secret>`, of which only a SHA-256 is kept."""
