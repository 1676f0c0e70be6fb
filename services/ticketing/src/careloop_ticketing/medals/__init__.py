"""Medals 勋章: what people are honoured for, month by month, by their figures or by hand."""
