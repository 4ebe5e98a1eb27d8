"""Russian dates: 23 ноября 2026 г. in sentences, 23.11.2026 in tables."""

DATE_FORMAT = "j E Y г."
DATETIME_FORMAT = "j E Y г. в H:i"
SHORT_DATE_FORMAT = "d.m.Y"
SHORT_DATETIME_FORMAT = "d.m.Y H:i"
