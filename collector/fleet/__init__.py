"""The kiosks as machines: what is wrong with them, since when, and how software reaches them."""
