"""Reports of the example systems: made, made again from their run files, and compared with those that are committed."""
