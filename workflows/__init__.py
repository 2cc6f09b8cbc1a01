"""The stories that Temporal keeps."""
