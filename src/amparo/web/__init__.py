"""The door for people with a browser; decides nothing."""
