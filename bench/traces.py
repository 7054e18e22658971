"""What an order left behind: everything in the database and in the record that belongs to it, counted by kind.

Two orders that went the same way left the same. So an order that went its way undisturbed is the pattern for those whose servers
were killed meanwhile, whatever the market's domains do: a message too few or a posting too many shows.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import psycopg

#: marks of what a person may do again without harm: saving a step of a draft
REPEATED = frozenset({"event OrderStepSaved"})

Link = psycopg.Connection[Any]


def of_orders(link: Link, which: str) -> Mapping[str, Counter[str]]:
    """The marks of each order `o` for which the condition `which` holds, by its code, the oldest first."""
    codes = [row[0] for row in link.execute(f'SELECT o.code FROM "order" o WHERE {which} ORDER BY o.id')]
    return {code: of_order(link, code) for code in codes}


def of_order(link: Link, code: str) -> Counter[str]:
    """Kind of mark -> how often it is there."""
    marks: Counter[str] = Counter()
    for name, question in MARKS.items():
        for kind, number in link.execute(question, {"code": code}):
            marks[f"{name} {kind}"] += number
    return marks


ORDER = '(SELECT id FROM "order" WHERE code = %(code)s)'
#: name -> question for (kind, how many). What a vendor has several members for is counted for each of them
MARKS: Mapping[str, str] = {
    "order": 'SELECT state, count(*) FROM "order" WHERE code = %(code)s GROUP BY 1',
    "event": "SELECT event, count(*) FROM audit_entry WHERE subjects @> ARRAY[%(code)s] GROUP BY 1",
    "contract": f"SELECT state, count(*) FROM contract WHERE order_id = {ORDER} GROUP BY 1",
    "signature": f"""SELECT s.party, count(*) FROM signature s JOIN contract c ON c.id = s.contract_id
        WHERE c.order_id = {ORDER} GROUP BY 1""",
    "stage": f"SELECT state, count(*) FROM milestone WHERE order_id = {ORDER} GROUP BY 1",
    "delivery": f"""SELECT m.number::text, count(*) FROM delivery d JOIN milestone m ON m.id = d.milestone_id
        WHERE m.order_id = {ORDER} GROUP BY 1""",
    "word": f"SELECT party, count(*) FROM order_message WHERE order_id = {ORDER} GROUP BY 1",
    "document": "SELECT purpose, count(*) FROM document WHERE belongs_to = %(code)s GROUP BY 1",
    "payment": """SELECT p.state, count(*) FROM payment p JOIN escrow e ON e.id = p.escrow_id
        WHERE e.code = %(code)s GROUP BY 1""",
    "posting": """SELECT l.kind || ' ' || a.account, count(*) FROM ledger_entry l JOIN ledger_line n ON n.entry_id = l.id
        JOIN ledger_account a ON a.id = n.account_id WHERE l.order = %(code)s GROUP BY 1""",
    "charge": """SELECT c.state, count(*) FROM checkout c JOIN payment p ON p.id = c.payment_id
        JOIN escrow e ON e.id = p.escrow_id WHERE e.code = %(code)s AND c.state = 'paid' GROUP BY 1""",
    "payout": """SELECT o.state, count(*) FROM payout o JOIN payment p ON p.id = o.payment_id
        JOIN escrow e ON e.id = p.escrow_id WHERE e.code = %(code)s GROUP BY 1""",
    "rating": f"SELECT party || ' ' || state, count(*) FROM rating WHERE order_id = {ORDER} GROUP BY 1",
    "message to the buyer": f"""SELECT event, count(*) FROM message
        WHERE person_id = (SELECT person_id FROM "order" WHERE id = {ORDER}) GROUP BY 1""",
    "message to a seller": f"""SELECT DISTINCT event, number FROM (SELECT event, person_id, count(*) AS number FROM message
        WHERE person_id <> (SELECT person_id FROM "order" WHERE id = {ORDER})
        AND (about @> jsonb_build_object('order', %(code)s::text) OR path LIKE '%%' || %(code)s || '%%')
        GROUP BY 1, 2) AS each""",
    "mail to the buyer": f"""SELECT coalesce(m.event, '-') || ' ' || d.medium || ' ' || d.state, count(*)
        FROM message_delivery d JOIN message m ON m.id = d.message_id
        WHERE m.person_id = (SELECT person_id FROM "order" WHERE id = {ORDER}) GROUP BY 1""",
}
