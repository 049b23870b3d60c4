"""Updates: a sealed release is installed beside the present one, a link is switched, and switched back unless it proves good."""
