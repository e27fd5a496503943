"""From a search to a subscription and out again, over a real page and real SMTP."""

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa
from conftest import NOW, WIB, Web, make_article, pantau, serving
from hypothesis import example, given
from hypothesis import strategies as st

from crawlers.demo.sink import Sink
from indexer import query
from indexer.alerts import confirmations, subscriptions
from indexer.alerts.confirmations import MAX_A_DAY, MAX_AN_HOUR
from indexer.alerts.digests import compose
from indexer.alerts.mail import send_due
from indexer.alerts.matching import match
from indexer.alerts.subscriptions import Rate, Status, Subscription, active_subscriptions, subscribe, suspend
from indexer.config import Config
from indexer.schema import outbox
from indexer.store import Store
from indexer.tantivy_index import TantivyIndex
from indexer.topics import topics
from indexer.web.asked import Asked

SITE = "https://pantau.example.org"
WARGA = "warga@example.org"


def ask(web: Web, address: str = "q=lebak", email: str = WARGA, name: str = "") -> requests.Response:
    return web.post("/langganan", {"pencarian": address, "surel": email, "nama": name})


def send(web: Web, sink: Sink) -> list[EmailMessage]:
    """Send what is due; returns all mails so far."""
    config = web.config.model_copy(update={"smtp_url": sink.url})
    delivery = send_due(web.store, config, lambda: datetime.now(UTC), lambda: False)
    assert not delivery.troubles
    return sink.taken


def body(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part
    return str(part.get_content())


def link(web: Web, message: EmailMessage) -> str:
    """The path of the page that a mail leads to."""
    (found,) = set(re.findall(rf"{re.escape(web.url)}(/langganan/\S+)", body(message)))
    return str(found)


def everyone(store: Store) -> list[Subscription]:
    return subscriptions.with_address(store, "", 1000)


def news(web: Web, number: int, now: datetime | None = None) -> int:
    """An article that answers arrives, is matched and put in mails; returns how many mails that makes."""
    web.add(make_article(number=number, title=f"Lebak {number}"))
    match(web.store, now or datetime.now(UTC))
    return compose(web.store, web.config, now or datetime.now(UTC))


# Asking


def test_the_page_says_what_is_kept_and_how_much_it_brings(web: Web) -> None:
    now = datetime.now(WIB)
    web.add(
        *(make_article(number=n, title=f"Lebak {n}", published=now - timedelta(days=n)) for n in range(8))
    )
    web.add(make_article(number=9, title="Lebak lama", published=now - timedelta(days=60)))
    page = web.get("/langganan?q=lebak&wilayah=36&lanjut=n20.1.0").text
    assert "lebak wilayah:36" in page
    assert "Sekitar 2 berita per minggu" in page
    assert "Lebak 0" in page
    assert 'name="pencarian" value="q=lebak&amp;wilayah=36"' in page


def test_the_search_page_leads_there(web: Web) -> None:
    web.add(make_article())
    assert 'href="/langganan?q=lebak&amp;wilayah=36"' in web.get("/?q=lebak&wilayah=36").text


@pytest.mark.parametrize("address", ["", "q=", "q=!!!", "q=-lebak", "urut=relevan", "q=a&dari=besok"])
def test_a_search_for_nothing_cannot_be_subscribed_to(web: Web, address: str) -> None:
    assert web.get(f"/langganan?{address}").status_code == 400
    answer = ask(web, address)
    assert answer.status_code == 400
    assert "<h1>" in answer.text
    assert everyone(web.store) == []


def test_a_search_that_is_too_long_is_told(web: Web) -> None:
    many = "&".join(
        f"topik=kemiskinan&sumber=sumber_nomor_{n}_yang_panjang_namanya_{'x' * 40}" for n in range(40)
    )
    assert web.get(f"/langganan?q=lebak&{many}").status_code == 400


@pytest.mark.parametrize("email", ["", "warga", "a@x\r\nBcc: b@y", "<script>@x.org", "a" * 70_00 + "@x.org"])
def test_a_wrong_address_is_told_where_it_was_typed(web: Web, email: str) -> None:
    answer = ask(web, email=email, name="Kemiskinan")
    assert answer.status_code == 422
    assert "Ini bukan alamat surel." in answer.text
    assert 'value="Kemiskinan"' in answer.text
    assert everyone(web.store) == []


# What is kept finds what the page found

PIECES = (
    *(
        "lebak",
        "miskin",
        '"bantuan sosial"',
        "(",
        ")",
        "ATAU",
        "OR",
        "DAN",
        "BUKAN",
        "-",
        "+",
        "judul:",
        "isi:(a",
    ),
    *("wilayah:36", "wilayah:lebak", "sumber:a_b", "topik:kemiskinan", "jenis:press", "terbit:2026-11"),
    *(
        "terbit:7hari",
        "stunt*",
        "muktabar~",
        '"',
        "“",
        "”",
        "~2",
        ":",
        "*",
        "&",
        "||",
        "anak-anak",
        "!!!",
        "é",
    ),
)
pieces = st.sampled_from(PIECES)
searches = st.builds(
    Asked,
    text=st.lists(pieces, max_size=8).map(" ".join) | st.text(max_size=30),
    since=st.none() | st.dates(),
    until=st.none() | st.dates(),
    keys=st.fixed_dictionaries(
        {},
        optional={
            "source": st.lists(
                st.sampled_from(["antara_banten", "kabarbanten", "a1_b2"]), min_size=1, unique=True
            ),
            "region": st.lists(st.sampled_from(["36", "36.02", "11"]), min_size=1, unique=True),
            "kind": st.lists(st.sampled_from(["government", "press", "agency"]), min_size=1, unique=True),
            "topic": st.lists(st.sampled_from([*topics()]), min_size=1, max_size=3, unique=True),
        },
    ),
)


@given(searches)
@example(Asked("lebak) ATAU (banten", keys={"region": ("36",)}))
@example(Asked("a ATAU b", keys={"source": ("kabarbanten",)}))
@example(Asked('"tanpa akhir', keys={"kind": ("press",)}))
def test_any_search_can_be_written_as_one_query(asked: Asked) -> None:
    wanted = asked.query(NOW)
    assert query.parse(asked.written(NOW), NOW).tree == wanted.tree


def test_relative_days_stay_relative() -> None:
    asked = Asked("lebak terbit:7hari", keys={"region": ("36",)})
    assert asked.written(NOW) == "lebak terbit:7hari wilayah:36"
    assert Asked("a ATAU b", keys={"region": ("36",)}).written(NOW) == "(a ATAU b) wilayah:36"


# Confirming


def test_an_address_is_asked_before_anything_is_sent(web: Web, sink: Sink) -> None:
    assert "Silakan periksa surel Anda" in ask(web, "q=lebak&wilayah=36", name="Kabar Lebak").text
    assert active_subscriptions(web.store) == []
    assert news(web, 1) == 0
    (question,) = send(web, sink)
    assert question["To"] == WARGA
    assert question["Subject"] == "Pantau: konfirmasi langganan Anda"
    assert question["Message-ID"]
    assert "lebak DAN wilayah:36" in body(question)
    assert "lebak DAN wilayah:36" in body(question, "html")


def test_the_way_from_asking_to_news(web: Web, sink: Sink) -> None:
    ask(web)
    path = link(web, send(web, sink)[0])
    page = web.get(path).text
    assert WARGA in page
    assert '<form method="post"><button>' in page
    assert active_subscriptions(web.store) == []  # a mail server that opens links changes nothing
    assert "Anda berlangganan" in web.post(path).text
    assert [(each.email, each.query) for each in active_subscriptions(web.store)] == [(WARGA, "lebak")]
    assert news(web, 1) == 1
    assert "1 berita baru" in send(web, sink)[1]["Subject"]


def test_what_is_old_news_when_it_is_confirmed_is_not_sent(web: Web, sink: Sink) -> None:
    ask(web)
    news(web, 1)
    web.post(link(web, send(web, sink)[0]))
    assert compose(web.store, web.config, datetime.now(UTC)) == 0


def test_a_link_confirms_once(web: Web, sink: Sink) -> None:
    ask(web)
    path = link(web, send(web, sink)[0])
    web.post(path)
    for again in (web.get(path), web.post(path)):
        assert again.status_code == 404
        assert "tidak berlaku lagi" in again.text
    assert len(active_subscriptions(web.store)) == 1


def test_what_strangers_write_is_not_in_the_question(web: Web, sink: Sink) -> None:
    """Else anybody could have anything sent to anybody in our name."""
    ask(web, "q=Menang!+https://evil.example/hadiah", name="Klik https://evil.example")
    (question,) = send(web, sink)
    for kind in ("plain", "html"):
        assert "evil.example" not in body(question, kind)
        assert "Menang!" not in body(question, kind)


def test_whoever_asks_again_gets_the_same_answer_and_no_second_subscription(web: Web, sink: Sink) -> None:
    first = ask(web)
    web.post(link(web, send(web, sink)[0]))
    again = ask(web)
    assert (again.status_code, again.text) == (first.status_code, first.text)
    assert len(send(web, sink)) == 1
    assert len(everyone(web.store)) == 1


def test_the_same_question_again_is_the_same_subscription(web: Web, sink: Sink) -> None:
    ask(web)
    ask(web, email="Warga@example.org")
    first, second = send(web, sink)
    assert link(web, first) == link(web, second)
    assert first["Message-ID"] != second["Message-ID"]
    assert len(everyone(web.store)) == 1


def test_an_address_is_not_asked_again_and_again(web: Web, sink: Sink) -> None:
    answers = {
        ask(web, f"q=lebak{number}", "WARGA@example.org" if number % 2 else WARGA).status_code
        for number in range(6)
    }
    assert answers == {200}
    assert len(send(web, sink)) == MAX_A_DAY


def test_digests_do_not_count_as_questions(any_store: Store) -> None:
    config = Config()
    for number in range(MAX_A_DAY + 1):
        subscribe(any_store, WARGA, f"lebak OR x{number}", "", Rate.IMMEDIATE, NOW)
    any_store.add(make_article(title="Lebak"), NOW)
    match(any_store, NOW)
    assert compose(any_store, config, NOW) == MAX_A_DAY + 1
    confirmations.ask(any_store, config, SITE, WARGA, "baru", "", Rate.IMMEDIATE, NOW)
    assert [each.query for each in everyone(any_store) if each.status == Status.PENDING] == ["baru"]


def test_many_addresses_cannot_be_written_to_at_once(web: Web) -> None:
    for number in range(MAX_AN_HOUR):
        confirmations.ask(
            web.store,
            web.config,
            web.url,
            f"warga{number}@example.org",
            "lebak",
            "",
            Rate.IMMEDIATE,
            datetime.now(UTC),
        )
    answer = ask(web)
    assert answer.status_code == 429
    assert "coba lagi dalam satu jam" in answer.text
    assert len(everyone(web.store)) == MAX_AN_HOUR


def token_of(store: Store) -> str:
    with store.reading() as connection:
        message = connection.scalar(sa.select(outbox.c.message).order_by(outbox.c.id.desc())) or b""
    return str(re.findall(rb"konfirmasi/([0-9a-f]{48})", message.replace(b"=\r\n", b""))[0], "ascii")


def test_what_is_not_confirmed_is_forgotten_with_its_address(any_store: Store) -> None:
    confirmations.ask(any_store, Config(), SITE, WARGA, "lebak", "", Rate.IMMEDIATE, NOW)
    token = token_of(any_store)
    late = NOW + timedelta(days=7)
    assert confirmations.asked_by(any_store, token, late - timedelta(seconds=1))
    assert confirmations.asked_by(any_store, token, late) is None
    assert confirmations.confirm(any_store, token, late) is None
    assert subscriptions.forget_unconfirmed(any_store, late - timedelta(seconds=1)) == 0
    assert subscriptions.forget_unconfirmed(any_store, late) == 1
    assert everyone(any_store) == []
    with any_store.reading() as connection:
        assert connection.execute(sa.select(outbox)).all() == []


def test_the_command_that_alerts_forgets_it(tmp_path: Path) -> None:
    with closing(Store(f"sqlite:///{tmp_path}/pantau.db").open()) as store:
        long_ago = datetime.now(UTC) - timedelta(days=8)
        confirmations.ask(store, Config(), SITE, WARGA, "lebak", "", Rate.IMMEDIATE, long_ago)
        done = pantau("alerts", PANTAU_DATA=str(tmp_path), PANTAU_SMTP_URL="smtp://127.0.0.1:1")
        assert (done.returncode, done.stdout) == (0, "0 new matches, 0 mails written, 0 sent\n")
        assert everyone(store) == []


def test_what_staff_subscribed_meanwhile_is_no_trouble(any_store: Store) -> None:
    confirmations.ask(any_store, Config(), SITE, WARGA, "lebak", "", Rate.IMMEDIATE, NOW)
    token = token_of(any_store)
    subscribe(any_store, WARGA, "lebak", "", Rate.IMMEDIATE, NOW)
    assert confirmations.confirm(any_store, token, NOW)
    assert len(active_subscriptions(any_store)) == 1


def test_confirming_another_rate_changes_the_subscription(any_store: Store) -> None:
    subscribe(any_store, WARGA, "lebak", "Lama", Rate.IMMEDIATE, NOW)
    confirmations.ask(any_store, Config(), SITE, WARGA, "lebak", "Lebak", Rate.DAILY, NOW)
    token = token_of(any_store)
    assert [each.rate for each in active_subscriptions(any_store)] == [Rate.IMMEDIATE]
    assert confirmations.confirm(any_store, token, NOW)
    assert [(each.rate, each.name) for each in active_subscriptions(any_store)] == [(Rate.DAILY, "Lebak")]
    assert confirmations.confirm(any_store, token, NOW) is None


def test_who_was_suspended_is_not_asked_for_another_rate(any_store: Store) -> None:
    suspend(any_store, subscribe(any_store, WARGA, "lebak", "", Rate.IMMEDIATE, NOW).id)
    confirmations.ask(any_store, Config(), SITE, WARGA, "lebak", "", Rate.DAILY, NOW)
    assert len(everyone(any_store)) == 1


@pytest.mark.parametrize(
    ("chosen", "rate"),
    [
        ("harian", "daily"),
        ("mingguan", "weekly"),
        ("langsung", "immediate"),
        ("", "immediate"),
        ("x", "immediate"),
    ],
)
def test_the_rate_can_be_chosen(web: Web, chosen: str, rate: str) -> None:
    sent = {"pencarian": "q=lebak", "surel": WARGA, "kali": chosen}
    assert web.post("/langganan", sent).status_code == 200
    assert [each.rate for each in everyone(web.store)] == [rate]


@pytest.mark.parametrize("way", ["konfirmasi", "berhenti"])
@pytest.mark.parametrize(
    "token", ["x", "0" * 48, "%00", "%ed%a0%80", "' OR 1=1 --", "x" * 5000, "..%2f..%2foperasi"]
)
def test_a_forged_link_opens_nothing(web: Web, way: str, token: str) -> None:
    subscribe(web.store, WARGA, "lebak", "", Rate.IMMEDIATE, NOW)
    for answer in (web.get(f"/langganan/{way}/{token}"), web.post(f"/langganan/{way}/{token}")):
        assert answer.status_code == 404
        assert "Traceback" not in answer.text
    assert len(active_subscriptions(web.store)) == 1


def test_the_token_to_leave_does_not_confirm_and_the_other_way_round(web: Web) -> None:
    ask(web)
    (asked,) = everyone(web.store)
    assert web.post(f"/langganan/konfirmasi/{asked.token}").status_code == 404
    assert web.post(f"/langganan/berhenti/{asked.token}").status_code == 404
    assert web.post(f"/langganan/berhenti/{token_of(web.store)}").status_code == 404
    assert [each.status for each in everyone(web.store)] == [Status.PENDING]


# Leaving


@pytest.fixture
def public(store: Store, tmp_path: Path) -> Iterator[Web]:
    """The pages behind https, as others reach them."""
    index = TantivyIndex()
    with serving(Config(data=tmp_path, web_url=SITE), store, index, is_open=False) as web:
        web.reader.headers["Host"] = "pantau.example.org"
        yield web
    index.close()


def subscribed(web: Web) -> Subscription:
    return subscribe(web.store, WARGA, "lebak", "", Rate.IMMEDIATE, NOW)


def test_every_mail_leads_to_the_way_out(public: Web, sink: Sink) -> None:
    made = subscribed(public)
    news(public, 1)
    (message,) = send(public, sink)
    leave = f"{SITE}/langganan/berhenti/{made.token}"
    first, second = message["List-Unsubscribe"].split(", ")
    assert first == f"<{leave}>"
    assert second.startswith("<mailto:")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert leave in body(message)
    assert f'href="{leave}"' in body(message, "html")


def test_without_https_no_one_click_is_promised(web: Web, sink: Sink) -> None:
    subscribed(web)
    news(web, 1)
    (message,) = send(web, sink)
    assert message["List-Unsubscribe-Post"] is None
    assert message["List-Unsubscribe"].startswith("<mailto:")


def test_opening_the_link_ends_nothing_and_the_button_does(public: Web) -> None:
    made = subscribed(public)
    path = f"/langganan/berhenti/{made.token}"
    page = public.get(path)
    assert page.status_code == 200
    assert '<form method="post"><button>' in page.text
    assert len(active_subscriptions(public.store)) == 1
    assert "Anda sudah berhenti" in public.post(path).text
    assert active_subscriptions(public.store) == []
    assert "Anda sudah berhenti" in public.get(path).text
    assert public.post(path).status_code == 200


@pytest.mark.parametrize("as_files", [False, True])
def test_one_click_of_a_mail_provider_ends_it(public: Web, as_files: bool) -> None:
    """RFC 8058: a POST without cookies or origin, as a form of either kind, answered without redirect."""
    made = subscribed(public)
    form = {"List-Unsubscribe": "One-Click"}
    answer = requests.post(
        f"{public.url}/langganan/berhenti/{made.token}",
        data=None if as_files else form,
        files={name: (None, value) for name, value in form.items()} if as_files else None,
        headers={"Host": "pantau.example.org"},
        allow_redirects=False,
        timeout=60,
    )
    assert answer.status_code == 200
    assert active_subscriptions(public.store) == []


def test_another_site_cannot_make_somebody_leave(public: Web) -> None:
    made = subscribed(public)
    answer = public.post(f"/langganan/berhenti/{made.token}", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert len(active_subscriptions(public.store)) == 1


def test_who_has_left_gets_nothing_that_was_waiting(web: Web, sink: Sink) -> None:
    made = subscribed(web)
    assert news(web, 1) == 1
    web.post(f"/langganan/berhenti/{made.token}")
    assert send(web, sink) == []
    assert compose(web.store, web.config, datetime.now(UTC)) == 0


def test_leaving_one_subscription_leaves_the_others(web: Web) -> None:
    first = subscribed(web)
    second = subscribe(web.store, WARGA, "banten", "", Rate.IMMEDIATE, NOW)
    web.post(f"/langganan/berhenti/{first.token}")
    assert active_subscriptions(web.store) == [replace(second)]
