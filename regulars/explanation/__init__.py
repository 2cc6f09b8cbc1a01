"""Why something was given, refused or moved, told from what is stored."""
