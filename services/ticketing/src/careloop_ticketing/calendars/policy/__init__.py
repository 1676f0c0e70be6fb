"""The calendar engine: documents, zones, compiled intervals. Pure."""
