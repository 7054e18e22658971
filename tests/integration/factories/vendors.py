"""Vendors for tests, made through the operations as people make them. Everything is invented."""

from datetime import date
from typing import Any

from market.kernel import identifiers
from market.kernel.actor import Actor, Role
from market.vendors import licence_operations, operations, queries, rules
from market.vendors.change_operations import decide_change
from market.vendors.models import LegalForm, Vendor

#: any person in the market; the operations ask only for the code
OPERATOR = Actor(person="P-0000TEST0", role=Role.OPERATOR)
#: a mobile number of nobody: 199 9999 9999
PHONE = "19999999999"


def credit_code(number: int, department: str = "91") -> str:
    """A well-formed invented credit code: organisation `number` of the Xi'an region."""
    inner = f"MA{number:06d}"
    body = f"{department}610100{inner}{identifiers.organisation_check(inner)}"
    return body + identifiers.credit_check(body)


def resident_id(number: int, region: str = "610102") -> str:
    """A well-formed invented resident id, born 1 January 1980, sequence `number` (0 to 999)."""
    body = f"{region}19800101{number:03d}"
    return body + identifiers.resident_check(body)


def acting_for(vendor: Vendor, person: str) -> Actor:
    """The actor that `person` (public code) is for the vendor."""
    return Actor(person=person, role=Role.VENDOR, organisation=vendor.organisation.code)


def begun(by: Actor, name: str = "测试测绘有限公司") -> tuple[Vendor, Actor]:
    """A new application, and the actor for its next steps."""
    vendor, _ = operations.begin_application(name, by=by)
    return vendor, acting_for(vendor, by.person)


def written(by: Actor, number: int = 1, name: str = "测试测绘有限公司", **firm: Any) -> tuple[Vendor, Actor]:
    """An application that is complete, without licences and people."""
    vendor, actor = begun(by, name)
    operations.save_firm(
        vendor.code,
        **{
            "name": name, "legal_form": LegalForm.COMPANY, "credit_code": credit_code(number),
            "address": "西安市碑林区测试路 1 号", **firm,
        },
        by=actor,
    )  # fmt: skip
    operations.save_contact(
        vendor.code, representative="测试代表", contact_name="测试联系人", contact_phone=PHONE, by=actor
    )
    operations.save_undertakings(vendor.code, given=list(rules.UNDERTAKINGS), no_ties=True, by=actor)
    return vendor, actor


def handed_in(by: Actor, number: int = 1, **more: Any) -> tuple[Vendor, Actor]:
    """An application that waits for the operator."""
    vendor, actor = written(by, number, **more)
    return operations.hand_in(vendor.code, by=actor), actor


def active(by: Actor, number: int = 1, **more: Any) -> tuple[Vendor, Actor]:
    """A vendor in the market, without licences and people."""
    vendor, actor = handed_in(by, number, **more)
    operations.check_application(vendor.code, all_yes(vendor), by=OPERATOR)
    return vendor, actor


def all_yes(vendor: Vendor) -> dict[str, rules.Answer]:
    """Yes to every question of the form check."""
    return {question.key: rules.Answer(True, text="营业执照原件所示") for question in queries.questions_about(vendor)}


def give_licence(vendor: Vendor, by: Actor, **changes: Any) -> Any:
    """A licence given by the vendor: surveying, class B, valid through 2027-12-31, a number that the practice registry knows."""
    return licence_operations.give_licence(
        vendor.code,
        **{
            "kind": "测绘资质", "level": "乙级", "number": "YS-2027-12-31-0001", "issuer": "测试发证机关",
            "valid_from": date(2022, 1, 1), "valid_to": date(2027, 12, 31), **changes,
        },
        by=by,
    )  # fmt: skip


def confirmed_licence(vendor: Vendor, by: Actor, **changes: Any) -> Any:
    """A licence that counts: given, and confirmed by an operator."""
    licence = give_licence(vendor, by, **changes)
    change = next(change for change in queries.open_changes(vendor.id) if change.subject == licence.code)
    decide_change(change.code, rules.Answer(True), by=OPERATOR)
    return licence


def add_practitioner(vendor: Vendor, by: Actor, number: int = 1, **changes: Any) -> Any:
    """A professional added by the vendor, not yet confirmed."""
    return licence_operations.add_practitioner(
        vendor.code,
        **{
            "name": "测试人员", "id_number": resident_id(number), "profession": "一级造价工程师",
            "registration": "建[造]11610000001", **changes,
        },
        by=by,
    )  # fmt: skip
