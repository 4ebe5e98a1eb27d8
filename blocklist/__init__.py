"""The wall between reviewed decisions and published lists: entries come in, list files go out."""
