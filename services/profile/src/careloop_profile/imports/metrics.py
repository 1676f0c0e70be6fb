from prometheus_client import Counter

ROWS = Counter("careloop_import_rows", "Rows of imports by what became of them.", ["outcome"])
