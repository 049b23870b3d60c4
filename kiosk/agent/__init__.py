"""The privileged part: acts on the centre's sealed commands, from a closed list, once each; small, and without a network."""
