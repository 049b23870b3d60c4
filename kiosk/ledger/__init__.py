"""The kiosk's record of greens: signed, chained, on disk before anybody is told."""
