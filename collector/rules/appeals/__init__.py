"""Appeals: what may be contested, who decides in which order, and what a decision does to the day. Pure."""
