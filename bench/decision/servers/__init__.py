"""The whole gate against real servers whose truth their own logs tell."""
