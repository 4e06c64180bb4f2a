"""How well stored runs tell lasting changes and creep of main."""
