"""The words for fields, kinds, states and severities of the review: message ids, translated where they are shown."""

from collections.abc import Mapping

from market.kernel.words import N_
from market.review.gate_rules import Kind
from market.review.rules import Fund
from market.review.states import NoticeState

#: names of texts of a notice; a field that is not named here is shown as it is called
FIELDS: Mapping[str, str] = {
    "title": N_("Title"),
    "content": N_("What is needed"),
    "qualifications": N_("What is asked of the vendor"),
    "scoring": N_("How bids are scored"),
    "terms": N_("Terms for the contract"),
    "text": N_("Text"),
    "description": N_("Description"),
    "deliverables": N_("What is delivered"),
    "low_price_reason": N_("Why so low a price is possible"),
    "name_zh": N_("Name"),
    "summary_zh": N_("In plain words"),
    "approval_matter": N_("Government matter"),
    "deliverable": N_("What is delivered"),
    "notes": N_("Notes on the standard"),
    "labels": N_("Words of the standard"),
}
KINDS: Mapping[Kind, str] = {
    Kind.ORDER: N_("order"),
    Kind.TENDER: N_("tender"),
    Kind.LISTING: N_("offer"),
    Kind.ITEM: N_("catalogue item"),
    Kind.STANDARD: N_("price standard"),
}
STATES: Mapping[NoticeState, str] = {
    NoticeState.OPEN: N_("may be objected to"),
    NoticeState.IN_FORCE: N_("stands"),
    NoticeState.OBJECTED: N_("objected to, stands still"),
    NoticeState.REPLACED: N_("written anew"),
    NoticeState.ENDED: N_("taken back or over"),
}
FUNDS: Mapping[str, str] = {
    str(Fund.FISCAL): N_("public money (fiscal)"),
    str(Fund.STATE_OWNED): N_("money of a state-owned enterprise"),
    str(Fund.PRIVATE): N_("private money"),
}
SEVERITIES: Mapping[str, str] = {
    "block": N_("must be changed"),
    "justify": N_("needs a written reason"),
    "warn": N_("please look again"),
}
