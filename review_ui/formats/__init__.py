"""How numbers and dates are written: where Django does not know, or writes them otherwise than people here do."""
