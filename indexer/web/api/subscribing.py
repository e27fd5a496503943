"""Subscriptions by the API: for staff, so an address is told of what is new at once, as by the command."""

from datetime import UTC, datetime
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Path, Query, Request, Response

from indexer import query
from indexer.alerts.subscriptions import (
    AlreadySubscribed,
    Status,
    Subscription,
    Unfit,
    subscribe,
    subscription_of,
    unsubscribe,
)
from indexer.keys import Scope
from indexer.schema import subscriptions
from indexer.store import MAX_ID, Store
from indexer.web.api import models
from indexer.web.api.callers import needs
from indexer.web.api.finding import NoParameters
from indexer.web.api.problems import Refused, documented
from indexer.web.links import home
from indexer.web.site import Site

router = APIRouter(
    prefix="/v1",
    tags=["subscriptions"],
    dependencies=[Depends(needs(Scope.SUBSCRIPTIONS))],
    responses=documented(401, 403, 422, 429, 503),
)


@router.get("/subscriptions", operation_id="subscriptions")
def list_subscriptions(
    request: Request, asked: Annotated[models.SubscriptionParameters, Query()]
) -> models.Subscriptions:
    """Who is told of what, a page at a time: the subscriptions that go on, active or suspended."""
    site: Site = request.app.state.site
    found = _going_on(site.store, subscriptions.c.id > asked.cursor, asked.limit + 1)
    shown = found[: asked.limit]
    more = f"limit={asked.limit}&cursor={shown[-1].id}" if len(found) > len(shown) else ""
    return models.Subscriptions(
        subscriptions=[models.subscribed(each) for each in shown],
        next=f"{home(request)}/api/v1/subscriptions?{more}" if more else None,
    )


@router.post("/subscriptions", status_code=201, operation_id="subscribe", responses=documented(400, 409, 413))
def add_subscription(request: Request, wanted: models.NewSubscription, _: NoParameters) -> models.Subscribed:
    """Tell an address what is new on a query, from now on and without asking it first: the key's owner answers for it."""
    site: Site = request.app.state.site
    problem = query.parse(wanted.query).problem
    if problem:
        raise Refused(400, problem.in_language("en"))
    try:
        made = subscribe(site.store, wanted.email, wanted.query, wanted.name, wanted.rate, datetime.now(UTC))
    except AlreadySubscribed as error:
        raise Refused(409, str(error)) from None
    except Unfit as error:
        raise Refused(400, str(error)) from None
    return models.subscribed(made)


@router.delete("/subscriptions/{id}", status_code=204, operation_id="unsubscribe", responses=documented(404))
def end_subscription(
    request: Request,
    id: Annotated[int, Path(ge=1, le=MAX_ID, description="Number of a subscription.", examples=[7])],
    _: NoParameters,
) -> Response:
    """End a subscription."""
    site: Site = request.app.state.site
    found = _going_on(site.store, subscriptions.c.id == id, 1)
    if not found or unsubscribe(site.store, found[0].token, datetime.now(UTC)) is None:
        raise Refused(404, f"There is no subscription {id} that goes on.")
    return Response(status_code=204)


def _going_on(store: Store, some: sa.ColumnElement[bool], limit: int) -> list[Subscription]:
    """Of some subscriptions those that have begun and not ended, the oldest first."""
    goes_on = subscriptions.c.status.in_((Status.ACTIVE, Status.SUSPENDED))
    wanted = sa.select(subscriptions).where(some, goes_on).order_by(subscriptions.c.id).limit(limit)
    with store.reading() as connection:
        return [subscription_of(row) for row in connection.execute(wanted)]
