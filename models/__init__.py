"""The weights' manifest and the code that builds, checks, runs and evaluates them. Weights are never committed."""
