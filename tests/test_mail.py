"""Digests and the outbox, over real SMTP: the right mail, once, and nothing lost when the server is not well."""

import re
import socket
from contextlib import ExitStack
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest
import sqlalchemy as sa
from conftest import NOW, make_article

from crawlers.demo.sink import Sink
from indexer.alerts import digests, mail
from indexer.alerts.digests import MAX_ARTICLES, compose
from indexer.alerts.mail import Delivery, Status, send_due
from indexer.alerts.matching import match
from indexer.alerts.subscriptions import Rate, active_subscriptions, subscribe, unsubscribe
from indexer.article import Article
from indexer.config import Config
from indexer.schema import outbox
from indexer.store import Store


@pytest.fixture
def store(any_store: Store) -> Store:
    """What holds here holds for a record in SQLite and in PostgreSQL."""
    return any_store


def prepare(
    store: Store, *articles: Article, text: str = "kemiskinan", email: str = "warga@example.org"
) -> int:
    subscribe(store, email, text, "", Rate.IMMEDIATE, NOW)
    for each in articles or (make_article(),):
        store.add(each, NOW)
    match(store, NOW)
    return compose(store, Config(), NOW)


def send(store: Store, url: str, now: datetime = NOW) -> Delivery:
    return send_due(store, Config(smtp_url=url), lambda: now, lambda: False)


def statuses(store: Store) -> list[str]:
    with store.reading() as connection:
        return list(connection.scalars(sa.select(outbox.c.status).order_by(outbox.c.id)))


def parts(message: EmailMessage) -> tuple[str, str]:
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text
    assert html
    return text.get_content(), html.get_content()


def test_a_mail_says_what_where_and_when(store: Store, sink: Sink) -> None:
    store.name_source("antara_banten", "ANTARA Banten", "https://banten.antaranews.com")
    prepare(store)
    assert send(store, sink.url).sent == 1
    (message,) = sink.taken
    text, html = parts(message)
    assert message["To"] == "warga@example.org"
    assert message["Subject"] == "Pantau: 1 berita baru tentang kemiskinan"
    for content in (text, html):
        for fact in (
            "Lebak menekan angka",
            "ANTARA Banten",
            "Lebak",
            "24 November 2026",
            "12:00 WIB",
            "/berita/1/a",
        ):
            assert fact in content
    assert "warga *miskin*" in text
    assert re.search(r"warga <mark[^>]*>miskin</mark>", html)


def test_a_mail_carries_the_way_out(store: Store, sink: Sink) -> None:
    prepare(store)
    send(store, sink.url)
    header = sink.taken[0]["List-Unsubscribe"]
    with store.reading() as connection:
        token = connection.execute(sa.text("SELECT token FROM subscriptions")).scalar_one()
    assert token in header
    assert token in parts(sink.taken[0])[0]


def test_several_articles_make_one_mail_newest_first(store: Store, sink: Sink) -> None:
    older, newer = (
        make_article(number=n, title=f"Miskin {n}", published=NOW - timedelta(hours=9 - n)) for n in (1, 2)
    )
    prepare(store, older, newer)
    send(store, sink.url)
    (message,) = sink.taken
    assert "2 berita baru" in message["Subject"]
    text = parts(message)[0]
    assert text.index("Miskin 2") < text.index("Miskin 1")


def test_a_long_mail_counts_what_it_leaves_out(store: Store, sink: Sink) -> None:
    prepare(store, *(make_article(number=n, title=f"Miskin {n}") for n in range(MAX_ARTICLES + 3)))
    send(store, sink.url)
    assert "dan 3 berita lagi" in parts(sink.taken[0])[0]


def test_markup_of_a_site_stays_text(store: Store, sink: Sink) -> None:
    evil = make_article(title="<script>miskin</script>", paragraphs=("Warga <b>miskin</b> & kaya.",))
    prepare(store, evil)
    send(store, sink.url)
    html = parts(sink.taken[0])[1]
    assert "<script>" not in html
    assert re.search("&lt;b&gt;<mark[^>]*>miskin</mark>&lt;/b&gt; &amp; kaya", html)


def test_lines_that_begin_with_a_dot_arrive_whole(store: Store, sink: Sink) -> None:
    prepare(store, make_article(paragraphs=(".miskin", "..miskin", "miskin ." + "." * 200)))
    with store.reading() as connection:
        assert b"\r\n." in connection.execute(sa.select(outbox.c.message)).scalar_one()
    send(store, sink.url)
    html = parts(sink.taken[0])[1]
    assert "." * 200 in html.replace("<mark", "")


def test_nothing_new_makes_no_mail(store: Store) -> None:
    prepare(store)
    assert compose(store, Config(), NOW) == 0


def test_who_leaves_just_before_a_mail_is_written_gets_none(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = subscribe(store, "warga@example.org", "kemiskinan", "", Rate.IMMEDIATE, NOW)
    store.add(make_article(), NOW)
    match(store, NOW)
    listed = active_subscriptions(store)
    assert unsubscribe(store, made.token, NOW)
    monkeypatch.setattr(digests, "active_subscriptions", lambda store: listed)
    assert compose(store, Config(), NOW) == 0
    assert statuses(store) == []


def test_a_sent_mail_is_not_sent_again(store: Store, sink: Sink) -> None:
    prepare(store)
    assert (send(store, sink.url).sent, send(store, sink.url).sent) == (1, 0)
    assert len(sink.taken) == 1


def test_a_server_that_is_away_costs_nothing(store: Store, sink: Sink) -> None:
    prepare(store)
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    delivery = send(store, f"smtp://127.0.0.1:{port}")
    assert "cannot be used" in delivery.troubles[0]
    assert statuses(store) == [Status.PENDING]
    assert send(store, sink.url).sent == 1


def test_a_refusal_that_may_pass_is_tried_again_later(store: Store, sink: Sink) -> None:
    prepare(store)
    sink.answer_recipient = lambda recipient: "451 greylisted"
    assert send(store, sink.url).postponed == 1
    sink.answer_recipient = lambda recipient: "250 OK"
    assert send(store, sink.url).sent == 0
    assert send(store, sink.url, NOW + mail.RETRIES[0]).sent == 1


def test_a_refusal_that_never_passes_ends_in_failed(store: Store, sink: Sink) -> None:
    prepare(store)
    sink.answer_recipient = lambda recipient: "451 try later"
    for _ in range(len(mail.RETRIES) + 1):
        send(store, sink.url, NOW + timedelta(days=30))
        with store.writing() as connection:
            connection.execute(sa.update(outbox).values(next_attempt_at=NOW))
    assert statuses(store) == [Status.FAILED]


def test_a_refusal_for_good_fails_one_mail_and_not_the_others(store: Store, sink: Sink) -> None:
    subscribe(store, "pergi@example.org", "kemiskinan", "", Rate.IMMEDIATE, NOW)
    prepare(store)
    sink.answer_recipient = lambda recipient: "550 unknown" if recipient.startswith("pergi") else "250 OK"
    delivery = send(store, sink.url)
    assert (delivery.failed, delivery.sent) == (1, 1)
    assert "550 unknown" in delivery.troubles[0]
    assert statuses(store) == [Status.FAILED, Status.SENT]


def test_a_refusal_of_the_text_counts_too(store: Store, sink: Sink) -> None:
    prepare(store)
    sink.answer_data = "554 spam"
    assert send(store, sink.url).failed == 1


def test_the_same_message_id_goes_out_on_every_try(store: Store, sink: Sink) -> None:
    prepare(store)
    sink.answer_data = "451 busy"
    send(store, sink.url)
    with store.reading() as connection:
        kept = connection.scalar(sa.select(outbox.c.message_id))
    sink.answer_data = "250 OK"
    send(store, sink.url, NOW + timedelta(days=1))
    assert sink.taken[0]["Message-ID"] == kept


def test_what_was_cut_off_while_the_server_answered_is_told_and_not_repeated(
    store: Store, sink: Sink
) -> None:
    prepare(store)
    with store.writing() as connection:
        connection.execute(sa.update(outbox).values(status=Status.SENDING))
    delivery = send(store, sink.url)
    assert (delivery.unclear, delivery.sent) == (1, 0)
    assert statuses(store) == [Status.UNCLEAR]
    assert sink.taken == []


def test_a_mail_that_another_process_has_taken_meanwhile_is_not_sent_twice(store: Store, sink: Sink) -> None:
    prepare(store)

    def taken_by_another(recipient: str) -> str:
        with store.writing() as connection:
            connection.execute(sa.update(outbox).values(status=Status.SENT))
        return "250 OK"

    sink.answer_recipient = taken_by_another
    assert send(store, sink.url) == Delivery()
    assert sink.taken == []
    assert statuses(store) == [Status.SENT]


def test_a_lane_that_another_process_serves_is_left_to_it(store: Store, sink: Sink) -> None:
    prepare(store)
    with ExitStack() as others:
        for lane in range(mail.LANES):
            assert others.enter_context(store.exclusively(f"outbox-{lane}"))
        assert send(store, sink.url) == Delivery()
    assert send(store, sink.url).sent == 1


def test_an_unclear_mail_goes_out_again_only_when_told(store: Store, sink: Sink) -> None:
    prepare(store)
    with store.writing() as connection:
        connection.execute(sa.update(outbox).values(status=Status.UNCLEAR))
    assert [each.status for each in mail.unsent(store)] == [Status.UNCLEAR]
    assert send(store, sink.url).sent == 0
    assert mail.resend(store, 1, NOW)
    assert send(store, sink.url).sent == 1
    assert mail.unsent(store) == []
    assert not mail.resend(store, 1, NOW)


def test_a_stop_leaves_the_rest_for_the_next_time(store: Store, sink: Sink) -> None:
    subscribe(store, "kedua@example.org", "kemiskinan", "", Rate.IMMEDIATE, NOW)
    prepare(store)
    delivery = send_due(store, Config(smtp_url=sink.url), lambda: NOW, lambda: len(sink.taken) > 0)
    assert delivery.sent == 1
    assert send(store, sink.url).sent == 1


@pytest.mark.parametrize("url", ["smtp://", "http://x", "smtp://host:port", "mail.example.org"])
def test_a_wrong_server_address_is_told_at_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="smtp_url"):
        Config(smtp_url=url)


@pytest.mark.parametrize(
    ("rate", "matched", "told"),
    [
        (Rate.DAILY, "2026-11-24 05:00", "2026-11-24 06:00"),
        (Rate.DAILY, "2026-11-24 06:01", "2026-11-25 06:00"),
        (Rate.WEEKLY, "2026-11-24 05:00", "2026-11-30 06:00"),  # a Monday
        (Rate.WEEKLY, "2026-11-30 05:59", "2026-11-30 06:00"),
    ],
)
def test_who_wants_few_mails_gets_them_at_a_set_time(
    store: Store, rate: Rate, matched: str, told: str
) -> None:
    found, due = (datetime.fromisoformat(f"{each}+07:00") for each in (matched, told))
    subscribe(store, "warga@example.org", "kemiskinan", "", rate, NOW - timedelta(days=30))
    for number in (1, 2):
        store.add(
            make_article(title=f"Warga miskin {number}", number=number, paragraphs=(f"Satu {number}.",)),
            found,
        )
    match(store, found)
    config = Config()
    for early in (found, due - timedelta(seconds=1)):
        assert compose(store, config, early) == (1 if early >= due else 0)
    store.add(make_article(title="Warga miskin lagi", number=3, paragraphs=("Tiga.",)), due)
    match(store, due + timedelta(minutes=1))
    assert compose(store, config, due + timedelta(minutes=2)) == 1
    assert compose(store, config, due + timedelta(hours=3)) == 0
    assert compose(store, config, due + timedelta(days=7)) == 1
