"""Kazakh writes a comma before the fraction, a space between thousands, and the year first: 2026 ж. 23 қараша."""

DECIMAL_SEPARATOR = ","
THOUSAND_SEPARATOR = "\xa0"
DATE_FORMAT = "Y ж. j E"
DATETIME_FORMAT = "Y ж. j E, H:i"
SHORT_DATE_FORMAT = "d.m.Y"
SHORT_DATETIME_FORMAT = "d.m.Y H:i"
