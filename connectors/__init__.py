"""One folder for each outside party."""
