"""Pictures of the pages for the documentation, with a drawn face: `python -m tests.screenshots FOLDER`."""
