"""Fortnox as a source of ledgers: financial years and documents, read beside what is written, and never in its way."""
