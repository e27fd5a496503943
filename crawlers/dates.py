"""Indonesian dates and times as sites print them, into aware datetimes."""

import re
from datetime import datetime, timedelta, timezone

from crawlers.source import ZONES

MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan", "feb", "mar", "apr", "mei", "jun", "jul", "agu ags", "sep", "okt", "nov nop", "des"), 1
    )
    for name in names.split()
}
_DATE = re.compile(
    r"(?P<day>\d{1,2})\s+(?P<month>[A-Za-z]{3})\w*\.?\s+(?P<year>\d{4})"
    r"(?:\D{1,3}(?P<hour>\d{1,2})[:.](?P<minute>\d{2}))?\s*(?P<zone>WIB|WITA|WIT)?"
)


def read_date(text: str, zone: str, now: datetime) -> datetime | None:
    """The moment that `text` states, in `zone` ("WIB") where it names none; None if it states none."""
    if re.match(r"\d{4}-\d\d-\d\d", text.strip()):
        moment = datetime.fromisoformat(text.strip())
        return moment if moment.tzinfo else moment.replace(tzinfo=_zone(zone))
    found = _DATE.search(text)
    if not found or found["month"].lower() not in MONTHS:
        return None
    return datetime(
        int(found["year"]),
        MONTHS[found["month"].lower()],
        int(found["day"]),
        int(found["hour"] or 0),
        int(found["minute"] or 0),
        tzinfo=_zone(found["zone"] or zone),
    )


def _zone(name: str) -> timezone:
    return timezone(timedelta(hours=ZONES[name]), name)
