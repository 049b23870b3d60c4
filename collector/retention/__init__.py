"""What is kept no longer than the law lets us, and the proof that it went."""
