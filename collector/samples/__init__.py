"""Random samples of doubtful matches, which the inspectorate looks at one by one."""
