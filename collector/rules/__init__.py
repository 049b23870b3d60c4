"""What records mean under the hours of their time. Pure."""
