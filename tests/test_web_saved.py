"""Searches that the team saves, over a real server."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from conftest import NOW, Web, make_article

from indexer import saved
from indexer.accounts import Role, User, add_user
from indexer.saved import MAX_SAVED, Saved, saved_for
from indexer.store import Store

PASSWORD = "kata sandi panjang"


pytestmark = pytest.mark.usefixtures("cheap_hashes")


@pytest.fixture
def store(any_store: Store) -> Store:
    """What holds here holds for a record in SQLite and in PostgreSQL."""
    return any_store


def enter(web: Web, role: Role = Role.EDITOR, name: str = "ani") -> User:
    """Make an account and log in with it."""
    user = add_user(web.store, name, PASSWORD, role, datetime.now(UTC))
    web.reader.cookies.clear()
    assert web.post("/masuk", {"nama": name, "sandi": PASSWORD}, allow_redirects=False).status_code == 303
    return user


def save(web: Web, address: str = "q=lebak", name: str = "Lebak", note: str = "") -> None:
    form = {"pencarian": address, "nama": name, "catatan": note}
    assert web.post("/simpan", form, allow_redirects=False).headers["Location"] == "/tersimpan"


def listed(web: Web, user: User) -> list[Saved]:
    return saved_for(web.store, user)


def names(web: Web, user: User) -> list[str]:
    return [each.name for each in listed(web, user)]


def test_a_search_is_saved_as_it_stands_in_its_address(web: Web) -> None:
    ani = enter(web)
    page = web.get(
        "/simpan?q=lebak+miskin&wilayah=36&jenis=agency&dari=2026-11-01&urut=relevan&lanjut=r20.1.0"
    ).text
    address = re.findall(r'name="pencarian" value="([^"]*)"', page)[0].replace("&amp;", "&")
    assert 'name="nama" value="lebak miskin"' in page
    save(web, address, "Miskin", "Untuk rapat\r\nSenin")
    (kept,) = listed(web, ani)
    assert kept.address == "q=lebak+miskin&dari=2026-11-01&wilayah=36&jenis=agency&urut=relevan"
    assert (kept.name, kept.note, kept.created_by) == ("Miskin", "Untuk rapat\r\nSenin", "ani")


def test_the_search_page_leads_there(web: Web) -> None:
    enter(web)
    web.add(make_article())
    assert 'href="/simpan?q=lebak&amp;wilayah=36"' in web.get("/?q=lebak&wilayah=36").text


def test_what_readers_write_never_becomes_markup(web: Web) -> None:
    enter(web)
    save(web, "q=%3Cb%3E", "<script>alert(1)</script>", "<img src=x>")
    page = web.get("/tersimpan").text
    assert "<script>alert" not in page
    assert "<img src=x>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize("address", ["", "urut=relevan", "q=++", "q=a&dari=besok", "q=" + "a" * 9000])
def test_what_is_no_search_is_not_saved(web: Web, address: str) -> None:
    ani = enter(web)
    answer = web.post("/simpan", {"pencarian": address, "nama": "x"})
    assert answer.status_code == 400
    assert "<h1>" in answer.text
    assert listed(web, ani) == []


def test_a_search_without_name_is_called_by_what_it_looks_for(web: Web) -> None:
    ani = enter(web)
    save(web, "q=lebak&wilayah=36", "  ")
    assert names(web, ani) == ["lebak wilayah:36"]


def test_there_is_an_end_to_what_can_be_saved(web: Web) -> None:
    ani = enter(web)
    for number in range(MAX_SAVED):
        saved.save(web.store, ani, f"{number}", "", "q=lebak", NOW)
    assert web.post("/simpan", {"pencarian": "q=lebak", "nama": "x"}).status_code == 409
    assert len(listed(web, ani)) == MAX_SAVED


def test_name_and_note_can_be_changed(web: Web) -> None:
    ani = enter(web)
    save(web)
    (kept,) = listed(web, ani)
    assert 'value="Lebak"' in web.get(f"/tersimpan/{kept.id}/ubah").text
    web.post(f"/tersimpan/{kept.id}/ubah", {"nama": "Kabupaten  Lebak", "catatan": "baru"})
    (changed,) = listed(web, ani)
    assert (changed.name, changed.note, changed.address) == ("Kabupaten Lebak", "baru", "q=lebak")


def test_the_order_is_the_teams(web: Web) -> None:
    ani = enter(web)
    for name in ("A", "B", "C"):
        save(web, name=name)
    ids = {each.name: each.id for each in listed(web, ani)}
    web.post(f"/tersimpan/{ids['C']}/geser", {"ke": "atas"})
    assert names(web, ani) == ["A", "C", "B"]
    web.post(f"/tersimpan/{ids['A']}/geser", {"ke": "atas"})
    web.post(f"/tersimpan/{ids['B']}/geser", {"ke": "bawah"})
    assert names(web, ani) == ["A", "C", "B"]
    web.post(f"/tersimpan/{ids['A']}/geser", {"ke": "bawah"})
    assert names(web, ani) == ["C", "A", "B"]


def test_what_is_deleted_is_gone_for_everybody(web: Web) -> None:
    ani = enter(web)
    save(web)
    (kept,) = listed(web, ani)
    web.post(f"/tersimpan/{kept.id}/hapus")
    assert listed(web, ani) == []
    for way in ("buka", "dilihat", "ubah", "geser", "hapus"):
        assert web.post(f"/tersimpan/{kept.id}/{way}").status_code == 404


@pytest.mark.parametrize("id", ["0", "-1", "2147483648", "9" * 30, "x"])
def test_an_id_that_cannot_be_is_answered_with_a_page(web: Web, id: str) -> None:
    enter(web)
    for way in ("buka", "dilihat", "ubah", "geser", "hapus"):
        answer = web.post(f"/tersimpan/{id}/{way}")
        assert answer.status_code in (400, 404)
        assert "<h1>" in answer.text


def test_a_reader_sees_and_opens_but_changes_nothing(web: Web) -> None:
    ani = enter(web)
    save(web)
    (kept,) = listed(web, ani)
    enter(web, Role.READER, "budi")
    page = web.get("/tersimpan").text
    assert "Lebak" in page
    assert "/ubah" not in page
    assert "/geser" not in page
    for way in ("ubah", "geser", "hapus"):
        assert web.post(f"/tersimpan/{kept.id}/{way}", {"nama": "x", "ke": "atas"}).status_code == 403
    opened = web.post(f"/tersimpan/{kept.id}/buka", allow_redirects=False)
    assert (opened.status_code, opened.headers["Location"]) == (303, "/?q=lebak")
    assert names(web, ani) == ["Lebak"]


# What is new


def badge(web: Web) -> str:
    found = re.findall(r'class="badge[^"]*">([^<]*)<', web.get("/tersimpan").text)
    return found[0] if found else ""


def test_what_was_there_when_it_was_saved_is_not_new(web: Web) -> None:
    web.add(make_article(number=1, title="Lebak satu"))
    enter(web)
    save(web)
    assert badge(web) == "tidak ada yang baru"


def test_what_came_since_is_counted_for_each_of_the_team(web: Web) -> None:
    enter(web)
    save(web)
    web.add(
        *(make_article(number=number, title=f"Lebak {number}") for number in range(3)), make_article(number=9)
    )
    assert badge(web) == "3 baru"
    enter(web, Role.READER, "budi")
    assert badge(web) == "belum dibuka"


def test_looking_at_pages_marks_nothing(web: Web) -> None:
    enter(web)
    save(web)
    web.add(make_article(number=1, title="Lebak satu"))
    for path in ("/tersimpan", "/?q=lebak", "/tersimpan"):
        web.get(path)
    assert badge(web) == "1 baru"


@pytest.mark.parametrize("way", ["buka", "dilihat"])
def test_opening_or_marking_makes_it_seen(web: Web, way: str) -> None:
    ani = enter(web)
    save(web)
    web.add(make_article(number=1, title="Lebak satu"))
    (kept,) = listed(web, ani)
    web.post(f"/tersimpan/{kept.id}/{way}")
    assert badge(web) == "tidak ada yang baru"
    web.add(make_article(number=2, title="Lebak dua", published=NOW - timedelta(days=3)))
    assert badge(web) == "1 baru"


def test_what_the_index_did_not_have_yet_is_new_later(web: Web) -> None:
    ani = enter(web)
    save(web)
    web.store.add(make_article(number=1, title="Lebak satu"), NOW)  # not in the index
    (kept,) = listed(web, ani)
    web.post(f"/tersimpan/{kept.id}/buka")
    web.add()
    assert badge(web) == "1 baru"


def test_a_search_that_no_longer_can_be_searched_is_shown(web: Web) -> None:
    ani = enter(web)
    saved.save(web.store, ani, "Aneh", "", "q=-lebak", NOW)
    page = web.get("/tersimpan")
    assert page.status_code == 200
    assert "Aneh" in page.text


def test_without_its_author_a_search_stays(any_store: Store) -> None:
    ani = add_user(any_store, "ani", PASSWORD, Role.EDITOR, NOW)
    budi = add_user(any_store, "budi", PASSWORD, Role.READER, NOW)
    id = saved.save(any_store, ani, "Lebak", "", "q=lebak", NOW)
    saved.note_look(any_store, budi, id, NOW)
    (kept,) = saved_for(any_store, budi)
    assert (kept.name, kept.created_by, kept.seen) == ("Lebak", "ani", 0)
    assert saved.remove(any_store, id)
    assert saved_for(any_store, budi) == []
