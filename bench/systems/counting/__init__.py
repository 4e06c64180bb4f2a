"""Applications whose database counts for itself what was asked of it, beside what ``gate-instrument`` counts."""
