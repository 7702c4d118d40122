"""What a signed-in person may fill in; one file for each part of the desk."""
