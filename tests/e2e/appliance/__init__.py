"""Whole kiosks in emulated machines: `make campaign-appliance`. See `campaign.py`."""
