"""What a kiosk and the centre agree on: topics, messages, seals. Pure: no I/O, nothing of ours imported.

`README.md` beside this file is the normative text of version 1 of the contract.
"""
