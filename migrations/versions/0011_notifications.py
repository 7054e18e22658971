"""Notifications: topics and importance of messages, deliveries by channel, preferences, phones, webhooks; saved searches and
demands."""

import secrets

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from market.kernel import codes

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TOPICS = (
    "orders", "money", "ratings", "entry", "offers", "files", "places", "alerts", "account", "duty", "digest",
)  # fmt: skip
IMPORTANCE = ("urgent", "important", "ordinary")


def upgrade() -> None:
    """Make the tables; messages whose mail still waits get a delivery."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("person", sa.Column("language", sa.String(2), server_default="zh", nullable=False))
    op.create_table(
        "message_preference",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("mail", postgresql.JSONB(), nullable=False),
        sa.Column("no_sms", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("digest", sa.Boolean(), nullable=False),
        sa.Column("quiet_from", sa.Time(), nullable=True),
        sa.Column("quiet_to", sa.Time(), nullable=True),
        sa.CheckConstraint("(quiet_from is null) = (quiet_to is null)", name=op.f("ck_message_preference_quiet")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_message_preference_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_message_preference")),
    )
    op.create_table(
        "phone",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=True),
        sa.Column("code_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wrong", sa.SmallInteger(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_phone_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone")),
        sa.UniqueConstraint("person_id", name=op.f("uq_phone_person_id")),
    )
    op.create_table(
        "webhook_endpoint",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(11), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.String(500), nullable=False),
        sa.Column("label", sa.String(200), nullable=False),
        sa.Column("event_types", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("former_secret", sa.Text(), nullable=True),
        sa.Column("former_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rests_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_webhook_endpoint_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoint")),
        sa.UniqueConstraint("code", name=op.f("uq_webhook_endpoint_code")),
    )
    op.create_index(op.f("ix_webhook_endpoint_organisation_id"), "webhook_endpoint", ["organisation_id"])
    _change_messages()
    op.create_table(
        "message_delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(11), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("medium", _choice("medium", "mail", "sms", "webhook"), nullable=False),
        sa.Column("endpoint_id", sa.BigInteger(), nullable=True),
        sa.Column("state", _choice("message_delivery_state", "waiting", "sent", "failed", "dropped"), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("error", sa.String(200), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(medium = 'webhook') = (endpoint_id is not null)", name=op.f("ck_message_delivery_endpoint")
        ),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["webhook_endpoint.id"], name=op.f("fk_message_delivery_endpoint_id_webhook_endpoint")
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_message_delivery_message_id_message"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_delivery")),
        sa.UniqueConstraint("code", name=op.f("uq_message_delivery_code")),
        sa.UniqueConstraint(
            "message_id",
            "medium",
            "endpoint_id",
            name=op.f("uq_message_delivery_message_id_medium_endpoint_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(
        "ix_message_delivery_endpoint", "message_delivery", ["endpoint_id", "id"],
        postgresql_where=sa.text("endpoint_id IS NOT NULL"),
    )  # fmt: skip
    op.create_index(
        "ix_message_delivery_failed", "message_delivery", ["id"], postgresql_where=sa.text("state = 'failed'")
    )
    _take_over_mails()
    _make_alerts()


def _change_messages() -> None:
    op.alter_column("message", "person_id", existing_type=sa.BigInteger(), nullable=True)
    op.add_column("message", sa.Column("organisation_id", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_message_organisation_id"), "message", ["organisation_id"])
    op.create_foreign_key(
        op.f("fk_message_organisation_id_organisation"), "message", "organisation", ["organisation_id"], ["id"]
    )
    op.create_check_constraint(op.f("ck_message_recipient"), "message", "num_nonnulls(person_id, organisation_id) = 1")
    op.add_column("message", sa.Column("topic", sa.String(24), server_default="account", nullable=False))
    op.add_column("message", sa.Column("importance", sa.String(24), server_default="ordinary", nullable=False))
    op.alter_column("message", "topic", server_default=None)
    op.alter_column("message", "importance", server_default=None)
    op.create_check_constraint(op.f("ck_message_topic"), "message", _among("topic", TOPICS))
    op.create_check_constraint(op.f("ck_message_importance"), "message", _among("importance", IMPORTANCE))
    for name, kind in (
        ("event", sa.String(80)), ("about", postgresql.JSONB()), ("still", postgresql.JSONB()), ("stop_path", sa.String(300)),
    ):  # fmt: skip
        op.add_column("message", sa.Column(name, kind, nullable=True))
    op.execute("UPDATE message SET importance = 'important' WHERE by_mail")


def _take_over_mails() -> None:
    """What was sent is known as sent; what a waiting job would have sent waits as a delivery, and the job does that."""
    connection = op.get_bind()
    mailed = connection.execute(
        sa.text(
            "SELECT id, sent_at, created_at, (SELECT o.id FROM outbox o WHERE o.done_at IS NULL AND"
            " o.job = 'market.notifications.jobs.send_message' AND o.arguments = to_jsonb(ARRAY[m.code::text]) LIMIT 1)"
            " FROM message m WHERE by_mail"
        )
    ).all()
    for key, sent_at, created_at, job in mailed:
        code = codes.make("N", secrets.randbits(40))
        state = "sent" if sent_at else "waiting" if job else "dropped"
        connection.execute(
            sa.text(
                "INSERT INTO message_delivery (code, message_id, medium, state, tries, error, due_at, created_at, done_at)"
                " VALUES (:code, :key, 'mail', :state, 0, :error, :made, :made, :done)"
            ),
            {
                "code": code, "key": key, "state": state, "made": created_at,
                "error": "address not confirmed" if state == "dropped" else None,
                "done": None if state == "waiting" else sent_at or created_at,
            },
        )  # fmt: skip
        if state == "waiting":
            connection.execute(
                sa.text(
                    "UPDATE outbox SET job = 'market.notifications.jobs.deliver',"
                    " arguments = to_jsonb(ARRAY[CAST(:code AS text)]) WHERE id = :job"
                ),
                {"code": code, "job": job},
            )
    # of what was sent already nothing is left to do
    op.execute(
        "UPDATE outbox SET done_at = now() WHERE done_at IS NULL AND job = 'market.notifications.jobs.send_message'"
    )
    op.drop_column("message", "by_mail")


def _make_alerts() -> None:
    op.create_table(
        "saved_search",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(11), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.String(200), nullable=False),
        sa.Column("args", postgresql.JSONB(), nullable=False),
        sa.Column("question", postgresql.JSONB(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("items", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=True),
        sa.Column("told", sa.SmallInteger(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_saved_search_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_search")),
        sa.UniqueConstraint("code", name=op.f("uq_saved_search_code")),
    )
    running = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_saved_search_running", "saved_search", ["person_id", "fingerprint"], unique=True, postgresql_where=running
    )
    op.create_index(
        "ix_saved_search_items", "saved_search", ["items"], postgresql_using="gin", postgresql_where=running
    )
    op.create_table(
        "saved_demand",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(11), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.String(60), nullable=False),
        sa.Column("districts", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_saved_demand_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_demand")),
        sa.UniqueConstraint("code", name=op.f("uq_saved_demand_code")),
    )
    op.create_index(
        "uq_saved_demand_running", "saved_demand", ["organisation_id", "item"], unique=True, postgresql_where=running
    )


def downgrade() -> None:
    """Remove the tables; messages to programs and digests go, mails that wait are sent as before."""
    op.drop_table("saved_demand")
    op.drop_table("saved_search")
    op.add_column("message", sa.Column("by_mail", sa.Boolean(), server_default="false", nullable=False))
    op.execute("UPDATE message SET by_mail = true WHERE importance <> 'ordinary'")
    op.execute(
        "UPDATE outbox o SET job = 'market.notifications.jobs.send_message', arguments = to_jsonb(ARRAY[m.code::text])"
        " FROM message_delivery d JOIN message m ON m.id = d.message_id WHERE o.done_at IS NULL AND d.medium = 'mail'"
        " AND o.job = 'market.notifications.jobs.deliver' AND o.arguments = to_jsonb(ARRAY[d.code::text])"
    )
    op.execute("DELETE FROM outbox WHERE done_at IS NULL AND job = 'market.notifications.jobs.deliver'")
    op.alter_column("message", "by_mail", server_default=None)
    op.drop_table("message_delivery")
    op.execute("DELETE FROM message WHERE organisation_id IS NOT NULL OR topic = 'digest'")
    op.drop_constraint(op.f("ck_message_recipient"), "message", type_="check")
    for name in ("stop_path", "still", "about", "event", "importance", "topic", "organisation_id"):
        op.drop_column("message", name)
    op.alter_column("message", "person_id", existing_type=sa.BigInteger(), nullable=False)
    op.drop_table("webhook_endpoint")
    op.drop_table("phone")
    op.drop_table("message_preference")
    op.drop_column("person", "language")


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=24)


def _among(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"
