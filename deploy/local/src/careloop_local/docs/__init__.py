"""Pages of the documentation that are made from the code, and compared with it by the contract tests."""
