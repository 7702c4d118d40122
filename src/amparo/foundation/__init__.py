"""What any room may stand on; knows nothing of human rights."""
