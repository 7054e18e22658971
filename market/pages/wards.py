"""The plan of the market on the first page: eight wards of trade around the market office."""

from collections.abc import Sequence
from dataclasses import dataclass

from market.catalogue import queries as catalogue
from market.kernel.words import N_


@dataclass(frozen=True, slots=True)
class Ward:
    """A field of trade on the plan: slug of the category, a short name that fits (message id), an icon, how many services."""

    slug: str
    name: str
    icon: str
    items: int = 0


#: what people and small firms look for most comes first; water and land are reached through "All services"
PLAN = (
    Ward("people", N_("Personal matters"), "person"),
    Ward("env", N_("Environment"), "environment"),
    Ward("safety", N_("Fire and safety"), "fire"),
    Ward("design", N_("Design and tests"), "design"),
    Ward("survey", N_("Surveying"), "survey"),
    Ward("finance", N_("Costs and audit"), "cost"),
    Ward("value", N_("Valuation"), "valuation"),
    Ward("invest", N_("Investment"), "building"),
)


def wards(items: Sequence[catalogue.Item]) -> list[Ward]:
    """The wards with the number of services in each; a field without any is left out."""
    counts = {ward.slug: sum(item.category == ward.slug for item in items) for ward in PLAN}
    return [Ward(ward.slug, ward.name, ward.icon, counts[ward.slug]) for ward in PLAN if counts[ward.slug]]
