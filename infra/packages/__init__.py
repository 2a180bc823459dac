"""What an auditor takes away of a company's year: one ZIP with its ledger as a file, its documents, and an index.

Comes in: a year's ledger and its documents, as they are kept here. Goes out: a file on disk, and who fetched it. It may
import ``infra.intake`` and what that may import.
"""
