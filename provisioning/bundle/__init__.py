"""Release bundles: made by IT, sealed off-line, checked wherever they arrive."""

from provisioning.bundle.reading import Bundle, open_bundle
from provisioning.bundle.writing import write_bundle

__all__ = ["Bundle", "open_bundle", "write_bundle"]
