"""How other tools decide, each rule written from its documentation or source and checked by a test vector of its own.

Rules take log values and give a mask of the tests that fail. They judge slowdowns only; what a tool says of speed-ups
is left out. Latencies have no ties here, so rank tests need no correction for them.
"""
