"""The door for the administrator's shell; decides nothing."""
