"""How often the gate blocks what is harmless and catches what is not, simulated."""
