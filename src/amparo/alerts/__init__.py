"""Something is wrong now: a press, the ladder it climbs, who answers. Kept low: the shortest way in the
house from a pressed button to a person who acts."""
