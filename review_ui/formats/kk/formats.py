"""Kazakh writes a comma before the fraction and a space between thousands."""

DECIMAL_SEPARATOR = ","
THOUSAND_SEPARATOR = "\xa0"
