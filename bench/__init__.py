"""The measured rows of `make bench`: both sides in one run, interleaved, medians and ratios."""
