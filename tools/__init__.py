"""What makes the data of the program anew, from what others publish."""
