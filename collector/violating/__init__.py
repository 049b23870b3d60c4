"""From stored records to violations: the database in, the detectors' pure judgement, the table out."""
