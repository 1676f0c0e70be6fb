"""Courses 培训: what agents learned, how well, and until when it counts. A course can lead to a certificate."""
