"""Cameras, real and simulated, behind one seam."""
