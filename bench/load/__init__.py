"""The load engine against its peers on this machine: ``python -m bench.load``, ``--only L5`` for some of it."""
