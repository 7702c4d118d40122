"""The door for time: the heartbeat that does what is due, without keys."""
