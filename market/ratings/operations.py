"""Giving, revealing, reporting and deciding ratings; scores and standing follow within the same transaction.

The vendor's row is the lock for all that is said of it: every operation takes it first, so that of two at once one comes after
the other, and a score is never counted from a half. The constraint on order and side decides even where nobody locked.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from market import clock
from market.catalogue import queries as catalogue
from market.db import db, new_code
from market.kernel.actor import Actor
from market.kernel.calendar import last_day, local_date
from market.kernel.errors import Conflict, Forbidden, Invalid, NotFound, RuleBroken, WrongState
from market.kernel.states import next_state
from market.kernel.words import N_
from market.locks import lock
from market.orders import queries as orders
from market.orders.models import Order
from market.orders.states import Party
from market.ratings import (
    credit,
    credit_queries,
    events,
    queries,
    review_queries,
    rules,
    score_queries,
    scoring,
    tie_queries,
)
from market.ratings.models import CallBack, CategoryMean, Rating, RatingReport, RatingReview
from market.ratings.states import COUNTED, RATING_TRANSITIONS, REVIEW_TRANSITIONS, RatingState, ReviewState
from market.record.operations import record
from market.transaction import attempt, transactional
from market.vendors import operations as vendors
from market.vendors.access import owns
from market.vendors.models import Standing, Vendor

# Giving ------------------------------------------------------------------------------------------------------------------


@transactional
def give_rating(
    order_code: str, *, levels: Mapping[str, int], text: str = "", named: bool = False, by: Actor
) -> Rating:
    """Rate the other side of an order, once: five levels by dimension (rules.DIMENSIONS), words, and whether to be named.

    Hidden until both sides have written or the time is over (rules.reveal_at). Refused: who is no side of the order
    (`NotFound`), the vendor's own people and firms (`Forbidden`), orders that are not accepted and paid, or too old
    (`RuleBroken`), a second rating (`Conflict`), levels that are missing (`Invalid` by dimension).
    """
    party = queries.side_of(queries.order_of(order_code), by)
    if party is None:
        raise NotFound()
    order = _locked_order(order_code)
    author = by.on_behalf_of or by.person
    facts = queries.facts(order, party, author)
    if refusal := rules.why_not(facts):
        raise refusal
    rules.check_levels(levels)
    rules.check_text(text, "text")
    now, until = clock.now(), facts.rate_until or clock.now()
    item = catalogue.item(order.item or "")
    side = order.vendor.organisation if party is Party.VENDOR and order.vendor else order.organisation
    organisation = side.code if side is not None else None
    row = Rating(
        code=new_code("A"), order=order, vendor=order.vendor, item=order.item or "", category=item.category if item else "",
        party=party, person=author, organisation=organisation, client=organisation or author, channel=by.channel,
        state=RatingState.HIDDEN, **{name: levels[name] for name in rules.DIMENSIONS}, text=text, is_named=named,
        amount_fen=order.price_fen or 0, link=facts.link, given_at=now, given_on=local_date(now),
        reveal_at=rules.reveal_at(
            buyer=party is Party.BUYER, given_at=now, rate_until=until, days=queries.term("reveal_days")
        ),
    )  # fmt: skip
    try:
        with attempt():
            db.session.add(row)
            db.session.flush()  # the constraint decides who was first
    except IntegrityError:
        raise Conflict(
            N_("This order has been rated by your side already."),
            rule=rules.RULE,
            remedy=N_("Open the order page to see it."),
        ) from None
    record(events.RatingGiven(order.code, row.code, str(party)), by=by)
    _reveal(order, by)
    return row


@transactional
def correct_rating(code: str, *, levels: Mapping[str, int], text: str = "", named: bool = False, by: Actor) -> Rating:
    """Change a rating that nobody has seen yet; the same once more (a form sent twice) changes nothing. Refused afterwards
    (`WrongState`), and for all but its author (`NotFound`)."""
    row = _locked_rating(code)
    _check_author(row, by)
    _check_hidden(row)
    rules.check_levels(levels)
    rules.check_text(text, "text")
    if (row.text, row.is_named) == (text, named) and all(
        getattr(row, name) == levels[name] for name in rules.DIMENSIONS
    ):
        return row
    for name in rules.DIMENSIONS:
        setattr(row, name, levels[name])
    row.text, row.is_named, row.corrected_at = text, named, clock.now()
    record(events.RatingCorrected(row.order.code, row.code), by=by)
    return row


@transactional
def withdraw_rating(code: str, *, by: Actor) -> Rating:
    """Take a rating back before anybody saw it. Its place stays taken: the order cannot be rated anew by this side."""
    row = _locked_rating(code)
    _check_author(row, by)
    _check_hidden(row)
    row.state = next_state(RATING_TRANSITIONS, row.state, "withdraw")
    row.text = ""
    record(events.RatingWithdrawn(row.order.code, row.code), by=by)
    return row


@transactional
def reveal_order(order_code: str, *, by: Actor) -> int:
    """Show the ratings of an order whose time has come; how many were shown. Safe to run twice. Called by a job."""
    return _reveal(_locked_order(order_code), by)


def _reveal(order: Order, by: Actor) -> int:
    now = clock.now()
    found = [row for party in (Party.BUYER, Party.VENDOR) if (row := queries.rating_by(order.id, party)) is not None]
    waiting = [row for row in found if row.state is RatingState.HIDDEN]
    both_in = len(waiting) == 2
    due = [row for row in waiting if both_in or now >= row.reveal_at]
    for row in due:
        verb = "reveal" if row.party is Party.BUYER else "tell"
        row.state = next_state(RATING_TRANSITIONS, row.state, verb)
        row.revealed_at = now
        level = queries.level_of(row)
        if row.party is Party.VENDOR:
            record(events.RatingTold(order.code, row.code, row.vendor.code), by=by)
            continue
        shown = events.RatingRevealed(order.code, row.code, row.vendor.code, row.item, rules.whole_level(level))
        record(shown, by=by)
        if rules.is_bad(level):
            _open_call_back(row, by)
        _rescore(row.vendor, by)
    return len(due)


def _open_call_back(row: Rating, by: Actor) -> None:
    now = clock.now()
    due_at = orders.end_of_term(now, queries.term("call_back_days"))
    db.session.add(CallBack(code=new_code("T"), rating=row, opened_at=now, due_at=due_at))
    due_on = last_day(due_at).isoformat()
    record(events.CallBackOpened(row.order.code, row.code, row.vendor.code, due_on), by=by)


# After it is public ------------------------------------------------------------------------------------------------------


@transactional
def reply_rating(code: str, *, text: str, by: Actor) -> Rating:
    """The vendor's public reply, once. Refused: others (`NotFound`); a rating not shown, and a second reply (`WrongState`)."""
    row = _locked_rating(code)
    if row.party is not Party.BUYER or not _is_vendor(row, by):
        raise NotFound()
    if row.state not in COUNTED:
        raise WrongState(N_("Only a rating that is shown can be replied to."), remedy=N_("Wait until it is public."))
    if row.reply is not None:
        raise WrongState(
            N_("This rating has your reply already."),
            rule=N_("One public reply for each rating"),
            remedy=N_("Report the rating if something in it is untrue."),
        )
    rules.check_text(text, "text", least=2)
    row.reply, row.replied_at = text, clock.now()
    record(events.RatingReplied(row.order.code, row.code, row.vendor.code), by=by)
    return row


@transactional
def report_rating(code: str, *, cause: str, words: str, by: Actor) -> RatingReview:
    """Report a public rating, with a cause (rules.REPORT_CAUSES) and words. It stays shown and counted, marked as under review.

    Anybody who is signed in may, once for himself or his organisation (`Conflict`); several reports make one review. Refused:
    a rating that is not shown (`WrongState`), an unknown cause or too few words (`Invalid`).
    """
    row = _locked_rating(code)
    if row.party is not Party.BUYER or row.state is RatingState.HIDDEN:
        raise NotFound()
    if row.state not in COUNTED:
        raise WrongState(
            N_("This rating is not shown any more."), remedy=N_("The decision about it stands on its page.")
        )
    if cause not in rules.REPORT_CAUSES:
        raise Invalid.field("cause", N_("Please choose one of the answers given."))
    rules.check_text(words, "words", least=rules.LEAST_REASONS)
    # people of the vendor speak for it, in whatever role they come
    by_vendor = _is_vendor(row, by) or tie_queries.works_for(by.person, row.vendor.organisation_id)
    reporter = row.vendor.organisation.code if by_vendor else by.on_behalf_of or by.organisation or by.person
    if before := review_queries.report_by(row.id, reporter):
        decided = before.review.decided_at is not None
        raise Conflict(
            N_("You, or somebody of your organisation, reported this rating already."),
            rule=N_("One report of a rating for each person or organisation, whatever became of it"),
            remedy=N_("You can appeal against the decision.")
            if decided
            else N_("The operator decides within the stated time."),
        )
    now = clock.now()
    review = review_queries.running_review(row.id)
    if review is None:
        due_at = orders.end_of_term(now, queries.term("review_days"))
        review = RatingReview(code=new_code("J"), rating=row, state=ReviewState.OPEN, opened_at=now, due_at=due_at)
        db.session.add(review)
        row.state = next_state(RATING_TRANSITIONS, row.state, "report")
    review.reports.append(
        RatingReport(
            rating_id=row.id, reporter=reporter, person=by.person, by_vendor=by_vendor, cause=cause, words=words,
            reported_at=now,
        )
    )  # fmt: skip
    db.session.flush()
    record(events.RatingReported(row.code, row.vendor.code, cause), by=by)
    return review


@transactional
def decide_review(code: str, *, removed: bool, reasons: str, by: Actor) -> RatingReview:
    """The operator's decision on a reported rating, with reasons both sides read: it stays, or it is removed.

    Score, counts and standing follow at once. Refused: a review that was decided before (`WrongState`), too few reasons.
    """
    review, row = _locked_review(code)
    if (review.state, "decide") not in REVIEW_TRANSITIONS:
        raise WrongState(N_("This report has been decided already."), remedy=N_("Open the queue for the next one."))
    rules.check_text(reasons, "reasons", least=rules.LEAST_REASONS)
    now = clock.now()
    review.state = next_state(REVIEW_TRANSITIONS, review.state, "decide")
    review.removed, review.reasons, review.decided_by, review.decided_at = removed, reasons, by.person, now
    review.appeal_until = orders.end_of_term(now, queries.term("appeal_days"))
    row.state = next_state(RATING_TRANSITIONS, row.state, "remove" if removed else "keep")
    record(events.ReportDecided(row.code, row.vendor.code, removed), by=by)
    _rescore(row.vendor, by)
    return review


@transactional
def appeal_review(code: str, *, words: str, by: Actor) -> RatingReview:
    """Appeal against a decision: the author when the rating was removed, the vendor when it stays.

    The decision holds until another operator has decided. Refused: others (`NotFound`), a second appeal, after its time, and
    a decision that a later one has replaced (`WrongState`).
    """
    review, row = _locked_review(code)
    party = Party.VENDOR if _is_vendor(row, by) else Party.BUYER if queries.is_author(row, by) else None
    if party is None:
        raise NotFound()
    if (review.state, "appeal") not in REVIEW_TRANSITIONS:
        raise WrongState(
            N_("There is no decision that can be appealed now."),
            remedy=N_("Wait for the operator's decision; an appeal is decided once."),
        )
    if party is not (Party.BUYER if review.removed else Party.VENDOR):
        raise Forbidden(N_("The decision is in your favour."), remedy=N_("Only the side it goes against can appeal."))
    if (row.state, _turned_round(review)) not in RATING_TRANSITIONS:
        raise WrongState(
            N_("A later decision about this rating has replaced this one."), remedy=N_("Appeal against the later one.")
        )
    rules.check_in_time(review.appeal_until, clock.now())
    if review_queries.running_review(row.id) is not None:
        raise WrongState(
            N_("A newer report of this rating is being reviewed."), remedy=N_("Wait for that decision and appeal then.")
        )
    rules.check_text(words, "words", least=rules.LEAST_REASONS)
    now = clock.now()
    review.state = next_state(REVIEW_TRANSITIONS, review.state, "appeal")
    review.appeal_party, review.appeal_words, review.appealed_at = party, words, now
    review.appeal_due_at = orders.end_of_term(now, queries.term("appeal_review_days"))
    record(events.RatingAppealed(row.code, row.vendor.code, str(party)), by=by)
    return review


@transactional
def decide_appeal(code: str, *, upheld: bool, reasons: str, by: Actor) -> RatingReview:
    """Another operator's decision on an appeal; upheld, it turns the first decision round, and everything counted follows.

    Refused: who decided first (`Forbidden`), an appeal that was decided before (`WrongState`), too few reasons.
    """
    review, row = _locked_review(code)
    if (review.state, "close") not in REVIEW_TRANSITIONS:
        raise WrongState(N_("This appeal has been decided already."), remedy=N_("Open the queue for the next one."))
    rules.check_operator(review.decided_by, by.person)
    rules.check_text(reasons, "reasons", least=rules.LEAST_REASONS)
    review.state = next_state(REVIEW_TRANSITIONS, review.state, "close")
    review.appeal_upheld, review.appeal_reasons = upheld, reasons
    review.appeal_decided_by, review.appeal_decided_at = by.person, clock.now()
    if upheld:
        row.state = next_state(RATING_TRANSITIONS, row.state, _turned_round(review))
    record(events.AppealDecided(row.code, row.vendor.code, upheld), by=by)
    _rescore(row.vendor, by)
    return review


@transactional
def finish_call_back(code: str, *, outcome: str, words: str, by: Actor) -> CallBack:
    """Say what came of calling the author of a bad rating (`outcome` of rules.CALL_BACK_OUTCOMES). Refused the second time."""
    lock(Vendor, queries.vendor_code_of(CallBack, code))
    found = review_queries.call_back(code)
    if found.done_at is not None:
        raise WrongState(N_("This call-back has been done already."), remedy=N_("Open the queue for the next one."))
    if outcome not in rules.CALL_BACK_OUTCOMES:
        raise Invalid.field("outcome", N_("Please choose one of the answers given."))
    rules.check_text(words, "words", least=rules.LEAST_REASONS)
    found.outcome, found.words, found.person, found.done_at = outcome, words, by.person, clock.now()
    row = found.rating
    record(events.CallBackDone(row.order.code, row.code, row.vendor.code, outcome), by=by)
    return found


# What follows for the vendor ---------------------------------------------------------------------------------------------


@transactional
def refresh_vendor(vendor_code: str, *, by: Actor) -> bool:
    """Count a vendor's figures anew: ties, ages, orders, credit. True when something changed. Safe to run at any time."""
    vendor = lock(Vendor, vendor_code)
    changed = False
    for row, link in tie_queries.links_of(vendor):
        if link != row.link:
            row.link, changed = link, True
            record(events.RatingLinked(row.code, vendor.code, link), by=by)
    return _rescore(vendor, by) or changed


def _rescore(vendor: Vendor, by: Actor) -> bool:
    """Write what changed of a vendor's standing, for each item and in all; the vendor is locked. Credit, which is the vendor's,
    stands in the row without an item."""
    db.session.flush()
    jobs = score_queries.jobs_of(vendor.id)
    rows = {row.item: row for row in db.session.scalars(select(Standing).where(Standing.vendor_id == vendor.id))}
    items = {None, *(item for item in jobs if item), *queries.items_rated(vendor.id), *rows}
    scores = score_queries.scores(vendor.id, items)
    points = credit.thousandths(credit_queries.credit_of(vendor.id))
    changed = False
    for item in sorted(items, key=lambda one: one or ""):
        score, done = scores[item], jobs.get(item, score_queries.Jobs())
        mean, low, high = (score.mean, score.low, score.high) if score.shown else (None, None, None)
        figures = vendors.Figures(
            mean,
            low,
            high,
            score.count,
            done.on_time,
            done.on_time_of,
            done.first_pass,
            done.first_pass_of,
            done.open_jobs,
            credit=points if item is None else credit.thousandths(Fraction(credit.START)),
        )
        before = rows.get(item)
        known = vendors.Figures(*(getattr(before, name) for name in _FIGURES)) if before else vendors.Figures()
        if figures == known:
            continue
        changed = True
        vendors.put_standing(vendor.code, figures, item=item, by=by)
        if replace(figures, **_OF_ORDERS) != replace(known, **_OF_ORDERS):
            record(events.ScoreChanged(vendor.code, item, mean, low, high, score.count), by=by)
    return changed


_FIGURES = tuple(vendors.Figures.__dataclass_fields__)
#: what does not belong to the score
_OF_ORDERS = {name: 0 for name in _FIGURES if not name.startswith("rating")}


@transactional
def publish_means(month: date, *, by: Actor) -> int:
    """Publish what scores lean on from the first day of `month` on; how many rows were written, 0 when it was done before.

    A category with fewer ratings than the term `least_for_mean` has no row and uses the market's; a market with fewer keeps the
    mean it had.
    """
    month = month.replace(day=1)
    done = select(CategoryMean.id).where(CategoryMean.month == month, CategoryMean.category.is_(None))
    if db.session.scalar(done) is not None:
        return 0
    least, before = queries.term("least_for_mean", month), score_queries.leaning(None, month)
    means, prices = score_queries.means_before(month)
    mean, count = means.pop(None)
    market = (mean, count) if count >= least else (before.mean, before.count)
    rows = [CategoryMean(category=None, month=month, mean=market[0], count=market[1])]
    for category, (level, rated) in means.items():
        if rated >= least:
            amounts = prices.get(category or "", [])
            median = scoring.median_fen(amounts) if len(amounts) >= least else None
            rows.append(CategoryMean(category=category, month=month, mean=level, count=rated, median_fen=median))
    try:
        with attempt():
            db.session.add_all(rows)
            db.session.flush()
    except IntegrityError:  # another process published it meanwhile
        return 0
    record(events.MeansPublished(month.isoformat(), {row.category or "all": row.mean for row in rows}), by=by)
    return len(rows)


# ------------------------------------------------------------------------------------------------------------------------


def _locked_order(code: str) -> Order:
    """The order, read after its vendor was locked. `RuleBroken` for one that has no vendor yet."""
    order = queries.order_of(code)
    if order.vendor is None:
        raise RuleBroken(
            N_("This order has no vendor yet, so there is nothing to rate."),
            rule=rules.RULE,
            remedy=N_("Come back when the work is accepted."),
        )
    lock(Vendor, order.vendor.code)
    return queries.order_of(code)


def _locked_rating(code: str) -> Rating:
    lock(Vendor, queries.vendor_code_of(Rating, code))
    return queries.rating(code)


def _locked_review(code: str) -> tuple[RatingReview, Rating]:
    lock(Vendor, queries.vendor_code_of(RatingReview, code))
    review = review_queries.review(code)
    return review, queries.rating(review.rating.code)


def _turned_round(review: RatingReview) -> str:
    """What becomes of the rating when the decision of a review is turned round."""
    return "restore" if review.removed else "remove"


def _check_author(row: Rating, by: Actor) -> None:
    if not queries.is_author(row, by):
        raise NotFound()


def _check_hidden(row: Rating) -> None:
    if row.state is not RatingState.HIDDEN:
        raise WrongState(
            N_("This rating cannot be changed any more."),
            rule=N_("A rating is corrected only before it is shown"),
            remedy=N_("The other side may have written meanwhile, so both were shown."),
        )


def _is_vendor(row: Rating, by: Actor) -> bool:
    return owns(row.vendor, by)
