"""Studies: each module is one command that measures and publishes figures."""
