import gzip
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from conftest import NOW, SHARED, WIB
from hypothesis import example, given
from hypothesis import strategies as st

from crawlers.dates import MONTHS, YEARS, read_absolute_date, read_date

CORPUS = SHARED / "corpus" / "news-2025-06.jsonl.gz"

ABSOLUTE = {
    "Jumat, 23 Januari 2026 15:32 WIB": "2026-01-23T15:32+07:00",
    "Jum'at, 7 Oktober 2022": "2022-10-07T00:00+07:00",
    "Jum’at, 7 Okt 2022": "2022-10-07T00:00+07:00",
    "Rabu Pon, 21 Desember 2022": "2022-12-21T00:00+07:00",
    "21 Ags 2022": "2022-08-21T00:00+07:00",
    "21 Agt. 2022": "2022-08-21T00:00+07:00",
    "17 Nopember 2020 - 08.00": "2020-11-17T08:00+07:00",
    "1 Pebruari 2020": "2020-02-01T00:00+07:00",
    "1 Mei 2020, pukul 08.05": "2020-05-01T08:05+07:00",
    "12 Mei, 2025": "2025-05-12T00:00+07:00",
    "Diterbitkan: 9 Januari 2023": "2023-01-09T00:00+07:00",
    "Diperbarui 18 Jun 2025, 14:05 WIB": "2025-06-18T14:05+07:00",
    "18 Juni 2025 | 20.04 WIB": "2025-06-18T20:04+07:00",
    ",\xa0Jurnalis-Jum'at, 13 Juni 2025 |19:04 WIB": "2025-06-13T19:04+07:00",
    "Rabu   18 Jun 2025  22:02 WIB": "2025-06-18T22:02+07:00",
    "Kompas.com- Diperbarui 19/06/2025, 10:25 WIB": "2025-06-19T10:25+07:00",
    "Jumat, 23 Januari 2026 / 10:00": "2026-01-23T10:00+07:00",
    "15.32 WITA | Jumat, 23 Januari 2026": "2026-01-23T15:32+08:00",
    "Kamis, 5 November 2015 14:56 WIB | 1.229 Views": "2015-11-05T14:56+07:00",
    "5 November 2015 | 1.229 Views": "2015-11-05T00:00+07:00",
    "13/06/2025": "2025-06-13T00:00+07:00",
    "13-06-25 10:00": "2025-06-13T10:00+07:00",
    "18.06.2025 21.35": "2025-06-18T21:35+07:00",
    "2015/11/05 14:56": "2015-11-05T14:56+07:00",
    "2026-01-23": "2026-01-23T00:00+07:00",
    "2015-11-05T14:56:43+08:00": "2015-11-05T14:56:43+08:00",
    "2015-11-05T14:56:43Z": "2015-11-05T14:56:43+00:00",
    "2015-11-05 14:56:43": "2015-11-05T14:56:43+07:00",
    "2026-01-23T15:32:00.123+0700": "2026-01-23T15:32+07:00",
    "20260123T153200+0700": "2026-01-23T15:32+07:00",
    "Thu, 05 Nov 2015 14:56:43 +0700": "2015-11-05T14:56:43+07:00",
    "Thu, 05 Nov 2015 14:56:43 GMT": "2015-11-05T14:56:43+00:00",
    "23 Jan 2026 10:00 GMT+8": "2026-01-23T10:00+08:00",
    "January 23, 2026 3:05 pm": "2026-01-23T15:05+07:00",
    "23 Januari 2026 12:05 AM": "2026-01-23T00:05+07:00",
    "1769157120": "2026-01-23T15:32+07:00",
    "1769157120000": "2026-01-23T15:32+07:00",
    "Fri Jan 23 15:32:00 2026": "2026-01-23T15:32+07:00",
    "2026 Januari 23": "2026-01-23T00:00+07:00",
    "Pewarta: A 23 Januari 2026 COPYRIGHT © ANTARA 2027": "2026-01-23T00:00+07:00",
}
RELATIVE = {
    "26 menit lalu": timedelta(minutes=26),
    "3 jam yang lalu": timedelta(hours=3),
    "sejam lalu": timedelta(hours=1),
    "2 hari lalu": timedelta(days=2),
    "sepekan lalu": timedelta(weeks=1),
    "2 bulan yg lalu": timedelta(days=60),
    "5 hours ago": timedelta(hours=5),
    "baru saja": timedelta(0),
    "beberapa detik yang lalu": timedelta(0),
    "Terkini | 26 menit lalu": timedelta(minutes=26),
    "hari ini 10:05": timedelta(hours=1, minutes=55),
    "kemarin 21:40": timedelta(hours=14, minutes=20),
    "Kemarin, pukul 21.40": timedelta(hours=14, minutes=20),
    "kemarin": timedelta(hours=36),
}
NO_DATE = (
    "",
    "COPYRIGHT © ANTARA 2026",
    "Copyright © 2026 ANTARA",
    "Hak cipta © ANTARA 23 Januari 2026",
    "31 Februari 2026",
    "30/02/2026",
    "2024-13-45",
    "Rabu, 00 0000 00:00 WIB",
    "23 Januari 2026 25:99 WIB",
    "1 Januari 0001",
    "99999 tahun lalu",
    "Januari 2026",
    "Jumat (23/1)",
    "waktu baca 3 menit",
    "Rp 12.500 pada 2026",
    "Warga yang kemarin mengungsi kembali ke rumah",
    "Ada 12 orang pada Mei lalu, dan 2024 rumah rusak",
    "Bupati",
)


@pytest.mark.parametrize(("text", "expected"), ABSOLUTE.items())
def test_reads_each_written_form(text: str, expected: str) -> None:
    assert read_date(text, "WIB", NOW) == datetime.fromisoformat(expected)


@pytest.mark.parametrize(("text", "age"), RELATIVE.items())
def test_reads_what_is_told_from_now(text: str, age: timedelta) -> None:
    assert read_date(text, "WIB", NOW) == NOW - age


@pytest.mark.parametrize("text", NO_DATE)
def test_reads_no_date_where_there_is_none(text: str) -> None:
    assert read_date(text, "WIB", NOW) is None


@pytest.mark.parametrize(("zone", "hours"), [("WIB", 7), ("WITA", 8), ("WIT", 9)])
def test_takes_the_zone_that_is_named(zone: str, hours: int) -> None:
    moment = read_date(f"23 Januari 2026 15:32 {zone}", "WIB", NOW)
    assert moment and moment.utcoffset() == timedelta(hours=hours)


@pytest.mark.parametrize(("zone", "hours"), [("WIB", 7), ("WITA", 8), ("WIT", 9)])
@pytest.mark.parametrize(
    "text", ["23 Januari 2026 15:32", "Fri Jan 23 15:32:00 2026", "kemarin 15:32", "1 jam lalu"]
)
def test_takes_the_zone_of_the_source_where_none_is_named(text: str, zone: str, hours: int) -> None:
    moment = read_date(text, zone, NOW)
    assert moment and moment.utcoffset() == timedelta(hours=hours)


@pytest.mark.parametrize("month", MONTHS)
def test_reads_every_name_of_a_month(month: str) -> None:
    assert read_date(f"2 {month} 2024", "WIB", NOW) == datetime(2024, MONTHS[month], 2, tzinfo=WIB)


def test_yesterday_is_that_of_the_zone() -> None:
    just_after_midnight_in_the_east = datetime(2026, 1, 22, 16, 30, tzinfo=UTC)
    moment = read_date("kemarin 21:40", "WIT", just_after_midnight_in_the_east)
    assert moment and moment.isoformat() == "2026-01-22T21:40:00+09:00"


def test_an_absolute_date_does_not_depend_on_the_clock() -> None:
    assert read_absolute_date("26 menit lalu", "WIB") is None


def test_invisible_characters_do_not_hide_a_date() -> None:
    assert read_date("23\u200b Januari\u00ad 2026", "WIB", NOW) == datetime(2026, 1, 23, tzinfo=WIB)


@given(st.text() | st.text("0123456789/-:. ©+TZWIBjanmeilu", max_size=40))
@example("\ud800")
@example("²³ Januari 2026")
@example("٢٣ Januari ٢٠٢٦")
def test_any_text_is_read_without_an_error(text: str) -> None:
    moment = read_date(text, "WIB", NOW)
    assert moment is None or (moment.tzinfo is not None and moment.year in YEARS)


@given(st.text(max_size=12), st.sampled_from(sorted(MONTHS)), st.text(max_size=12), st.integers(1900, 2100))
def test_any_text_around_a_month_and_a_year_is_read_without_an_error(
    before: str, month: str, after: str, year: int
) -> None:
    read_date(f"{before} {year} 7 {month} {after}", "WIB", NOW)


@given(st.datetimes(datetime(1950, 1, 1), datetime(2099, 1, 1)), st.sampled_from(("WIB", "WITA", "WIT")))  # noqa: DTZ001
def test_any_moment_is_read_as_it_was_written(moment: datetime, zone: str) -> None:
    names = ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des")
    text = f"Senin, {moment.day} {names[moment.month - 1]} {moment.year} {moment:%H:%M} {zone}"
    read = read_date(text, "WIB", NOW)
    assert read and read.replace(tzinfo=None) == moment.replace(second=0, microsecond=0)


@pytest.mark.skipif(not CORPUS.exists(), reason="the texts of others are not here")
def test_reads_all_dates_of_the_corpus() -> None:
    with gzip.open(CORPUS, "rt", encoding="utf-8") as lines:
        texts = {text for line in lines if (text := json.loads(line)["tanggal_publikasi"])}
    assert len(texts) > 1000
    assert [text for text in sorted(texts) if not _is_right(text)] == []


def _is_right(text: str) -> bool:
    """Whether day, year, hour and minute are the numbers in `text`, in this order, and the zone is WIB."""
    moment = read_date(text, "WITA", NOW)
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    day, year, hour, minute = numbers[0], numbers[-3], numbers[-2], numbers[-1]
    return moment is not None and (
        (moment.day, moment.year, moment.hour, moment.minute, moment.utcoffset())
        == (day, year, hour, minute, timedelta(hours=7))
    )
