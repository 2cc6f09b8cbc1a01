"""What cannot be restored is refused in a sentence, before the first byte; what was half done starts over."""
