"""From a call for help to a living case: intake, queue, messages, files, decisions."""
