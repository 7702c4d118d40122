"""Staff, teams, defenders' ways of being reached, and outside recipients."""
