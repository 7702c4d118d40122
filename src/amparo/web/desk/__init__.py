"""The desk: pages for those who are signed in. Each view parses, calls one verb or query, renders."""
