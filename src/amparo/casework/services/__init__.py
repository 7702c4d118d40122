"""The verbs of casework: the only writers of its tables."""
