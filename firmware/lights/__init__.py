"""LEDs and buzzer, real and silent, behind one seam."""
