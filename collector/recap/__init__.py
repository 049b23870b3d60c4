"""The monthly recap, the allowance list and the export of sealed records: files that people sign and check."""
