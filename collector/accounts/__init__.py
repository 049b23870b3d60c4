"""Who may use the centre's pages: accounts, passwords, sessions, and the limits of logging in. Knows nothing of Flask."""
