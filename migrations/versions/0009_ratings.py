"""Ratings and credit: tables, the first terms, the first mean and the first table of deductions."""

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

FIRST = date(2024, 1, 1)
OWN_ZH, OWN_EN = "平台自定：", "The market's own choice: "
TERM = ("name", "value", "valid_from", "source_zh", "source_en")
TERMS = (
    ("reveal_days", 14, FIRST,
     "日历日。参照 Airbnb：双方都评或满 14 天后同时公开；实地实验（Fradkin、Grewal、Holtz，Marketing Science 2021）：评价更多，报复更少。",
     "Calendar days. As Airbnb: shown together when both are in or after 14 days; field experiment (Fradkin, Grewal, Holtz, "
     "Marketing Science 2021): more ratings, less retaliation."),
    ("rate_days", 90, FIRST, OWN_ZH + "验收后 90 个日历日内可以评价，趁记忆还清楚。",
     OWN_EN + "calendar days after acceptance in which an order can be rated, while people remember."),
    ("call_back_days", 5, FIRST, "工作日。德州：差评 5 个工作日内答复，实名差评回访率 100%〔C〕。",
     "Working days. Dezhou: bad reviews are answered in 5 working days, call-back of named ones 100% [C]."),
    ("review_days", 5, FIRST, OWN_ZH + "被举报的评价 5 个工作日内作出决定，与差评回访相同。",
     OWN_EN + "working days for the decision on a reported rating, as for the call-back."),
    ("appeal_days", 10, FIRST, OWN_ZH + "决定作出后 10 个工作日内可以申诉。",
     OWN_EN + "working days after a decision in which it can be appealed."),
    ("appeal_review_days", 10, FIRST, OWN_ZH + "申诉由另一位运营人员在 10 个工作日内决定。",
     OWN_EN + "working days in which another operator decides an appeal."),
    ("proposal_days", 5, FIRST, OWN_ZH + "拟扣分事项 5 个工作日内决定扣或不扣。",
     OWN_EN + "working days in which a proposed deduction is made or dropped."),
    ("least_for_mean", 30, FIRST, OWN_ZH + "一个类别至少有 30 份评价（或 30 笔订单），才有自己的均分（或价格中位数）。",
     OWN_EN + "ratings (or orders) that a category needs for a mean (or median price) of its own."),
)  # fmt: skip
MEAN = ("category", "month", "mean", "count", "median_fen")
MEANS = ((None, FIRST, 4000, 0, None),)
GROUND = (
    "slug", "position", "title_zh", "title_en", "points", "fading_days", "valid_from", "source_zh", "source_en", "mark",
)  # fmt: skip
OURS_ZH, OURS_EN = "分值与淡出期由平台自定。", " Points and fading are the market's own choice."
GROUNDS = (
    ("cancelled_after_award", 1, "中选后无正当理由放弃", "Gave up an order after the award without cause", 10, 365, FIRST,
     "中介超市通行做法：中选后无故放弃扣信用分，原文未核。" + OURS_ZH,
     "Common rule of such markets: a winner who refuses without cause loses credit; no text was checked." + OURS_EN, "M"),
    ("answer_lapsed", 2, "逾期不答复订单", "Let the term for an answer to an order pass", 3, 180, FIRST,
     OWN_ZH + "耽误了项目业主的时间；此时尚无承诺，所以扣得少。",
     OWN_EN + "a buyer's time is lost; little, since nothing was promised yet.", "O"),
    ("late_without_cause", 3, "无正当理由逾期，经纠纷处理认定", "Late without cause, found in a dispute", 8, 365, FIRST,
     OWN_ZH + "只计纠纷处理中认定的逾期。", OWN_EN + "only what a dispute established counts.", "O"),
    ("quality_complaint", 4, "质量投诉经查属实", "Complaint about quality, upheld", 15, 365, FIRST,
     "唐山 2018：一年内三次质量投诉属实的清退。" + OURS_ZH,
     "Tangshan 2018: three upheld complaints about quality in a year lead to removal." + OURS_EN, "C"),
    ("copied_report", 5, "成果抄袭或编造", "Copied or fabricated result", 50, 1095, FIRST,
     "东莞 2022、宁波：抄袭的环评文件被查处。" + OURS_ZH,
     "Dongguan 2022, Ningbo: copied environmental reports were punished." + OURS_EN, "C"),
    ("lent_certificate", 6, "挂证或代签", "Certificates lent, or signed for others", 40, 1095, FIRST,
     "环评信用平台：单位和工程师的失信行为记分。" + OURS_ZH,
     "Credit platform of environmental assessment: misconduct of units and engineers costs points." + OURS_EN, "C"),
    ("false_qualification", 7, "资质造假", "False qualification papers", 60, 1095, FIRST,
     "唐山 2018：资质造假的清退；入驻要求三年内无不良信用。" + OURS_ZH,
     "Tangshan 2018: qualification fraud leads to removal; entry asks for three years without bad credit." + OURS_EN, "C"),
    ("authority_punished", 8, "受到主管部门行政处罚", "Punished by the authority in charge", 30, 1095, FIRST,
     "唐山 2018：受主管部门处罚的清退；入驻要求三年内无不良信用。" + OURS_ZH,
     "Tangshan 2018: punishment by a regulator leads to removal; entry asks for three years without bad credit." + OURS_EN,
     "C"),
    ("ratings_manipulated", 9, "操纵评价", "Ratings bought, swapped or written by its own people", 20, 365, FIRST,
     OWN_ZH + "评价真实才有用。", OWN_EN + "ratings are of use only while they are true.", "O"),
)  # fmt: skip


def upgrade() -> None:
    """Make the tables and fill in what the market starts with."""
    op.create_table(
        "category_mean",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=True),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("mean", sa.SmallInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("median_fen", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("mean between 1000 and 5000", name=op.f("ck_category_mean_mean")),
        sa.CheckConstraint("median_fen is null or median_fen > 0", name=op.f("ck_category_mean_median")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category_mean")),
        sa.UniqueConstraint(
            "category", "month", name=op.f("uq_category_mean_category_month"), postgresql_nulls_not_distinct=True
        ),
    )
    op.create_table(
        "credit_ground",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("title_zh", sa.String(length=200), nullable=False),
        sa.Column("title_en", sa.String(length=200), nullable=False),
        sa.Column("points", sa.SmallInteger(), nullable=False),
        sa.Column("fading_days", sa.SmallInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("source_zh", sa.Text(), nullable=False),
        sa.Column("source_en", sa.Text(), nullable=False),
        sa.Column(
            "mark",
            sa.Enum("C", "C2", "M", "O", name="certainty_mark", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.CheckConstraint("fading_days > 0", name=op.f("ck_credit_ground_fading_days")),
        sa.CheckConstraint("points between 1 and 100", name=op.f("ck_credit_ground_points")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_ground")),
        sa.UniqueConstraint("slug", "valid_from", name=op.f("uq_credit_ground_slug_valid_from")),
    )
    op.create_table(
        "rating_term",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("source_zh", sa.Text(), nullable=False),
        sa.Column("source_en", sa.Text(), nullable=False),
        sa.CheckConstraint("value >= 0", name=op.f("ck_rating_term_value")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating_term")),
        sa.UniqueConstraint("name", "valid_from", name=op.f("uq_rating_term_name_valid_from")),
    )
    op.create_table(
        "credit_deduction",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=11), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("ground", sa.String(length=40), nullable=False),
        sa.Column("points", sa.SmallInteger(), nullable=False),
        sa.Column("fading_days", sa.SmallInteger(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("fades_on", sa.Date(), nullable=False),
        sa.Column("decision", sa.String(length=80), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "counted",
                "appealed",
                "lifted",
                "final",
                name="deduction_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("made_by", sa.String(length=11), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("appeal_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("appeal_words", sa.Text(), nullable=True),
        sa.Column("appealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("appeal_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("appeal_reasons", sa.Text(), nullable=True),
        sa.Column("appeal_decided_by", sa.String(length=11), nullable=True),
        sa.Column("appeal_decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_credit_deduction_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_deduction")),
        sa.UniqueConstraint("code", name=op.f("uq_credit_deduction_code")),
        sa.UniqueConstraint(
            "vendor_id", "ground", "decision", name=op.f("uq_credit_deduction_vendor_id_ground_decision")
        ),
    )
    op.create_index(op.f("ix_credit_deduction_made_by"), "credit_deduction", ["made_by"], unique=False)
    op.create_index(op.f("ix_credit_deduction_state"), "credit_deduction", ["state"], unique=False)
    op.create_index(op.f("ix_credit_deduction_vendor_id"), "credit_deduction", ["vendor_id"], unique=False)
    op.create_table(
        "credit_proposal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=11), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("ground", sa.String(length=40), nullable=False),
        sa.Column("about", sa.String(length=11), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open", "made", "dropped", name="proposal_state", native_enum=False, create_constraint=True, length=24
            ),
            nullable=False,
        ),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.String(length=11), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_credit_proposal_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_proposal")),
        sa.UniqueConstraint("code", name=op.f("uq_credit_proposal_code")),
        sa.UniqueConstraint("ground", "about", name=op.f("uq_credit_proposal_ground_about")),
    )
    op.create_index(op.f("ix_credit_proposal_about"), "credit_proposal", ["about"], unique=False)
    op.create_index(op.f("ix_credit_proposal_state"), "credit_proposal", ["state"], unique=False)
    op.create_index(op.f("ix_credit_proposal_vendor_id"), "credit_proposal", ["vendor_id"], unique=False)
    op.create_table(
        "rating",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=11), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.String(length=60), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column(
            "party",
            sa.Enum(
                "buyer",
                "vendor",
                "operator",
                "market",
                name="rating_party",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("person", sa.String(length=11), nullable=False),
        sa.Column("organisation", sa.String(length=11), nullable=True),
        sa.Column("client", sa.String(length=11), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "web",
                "api",
                "counter",
                "kiosk",
                "command",
                "job",
                name="rating_channel",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "hidden",
                "public",
                "told",
                "under_review",
                "removed",
                "withdrawn",
                name="rating_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("quality", sa.SmallInteger(), nullable=False),
        sa.Column("timeliness", sa.SmallInteger(), nullable=False),
        sa.Column("attitude", sa.SmallInteger(), nullable=False),
        sa.Column("charge", sa.SmallInteger(), nullable=False),
        sa.Column("norms", sa.SmallInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("is_named", sa.Boolean(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("link", sa.String(length=24), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reveal_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "party = 'buyer' or state in ('hidden', 'told', 'withdrawn')", name=op.f("ck_rating_vendors_never_public")
        ),
        sa.CheckConstraint("party in ('buyer', 'vendor')", name=op.f("ck_rating_party_side")),
        sa.CheckConstraint(
            "quality between 1 and 5 and timeliness between 1 and 5 and attitude between 1 and 5 and charge between 1 and 5 and norms between 1 and 5",
            name=op.f("ck_rating_levels"),
        ),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_rating_order_id_order")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_rating_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating")),
        sa.UniqueConstraint("code", name=op.f("uq_rating_code")),
        sa.UniqueConstraint("order_id", "party", name=op.f("uq_rating_order_id_party")),
    )
    op.create_index(op.f("ix_rating_client"), "rating", ["client"], unique=False)
    op.create_index(op.f("ix_rating_person"), "rating", ["person"], unique=False)
    op.create_index(
        "ix_rating_shown",
        "rating",
        ["vendor_id", "revealed_at"],
        unique=False,
        postgresql_where="state in ('public', 'under_review')",
    )
    op.create_index(op.f("ix_rating_vendor_id"), "rating", ["vendor_id"], unique=False)
    op.create_index("ix_rating_waiting", "rating", ["reveal_at"], unique=False, postgresql_where="state = 'hidden'")
    op.create_table(
        "call_back",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=11), nullable=False),
        sa.Column("rating_id", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("person", sa.String(length=11), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["rating_id"], ["rating.id"], name=op.f("fk_call_back_rating_id_rating")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_back")),
        sa.UniqueConstraint("code", name=op.f("uq_call_back_code")),
        sa.UniqueConstraint("rating_id", name=op.f("uq_call_back_rating_id")),
    )
    op.create_table(
        "rating_review",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=11), nullable=False),
        sa.Column("rating_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "decided",
                "appealed",
                "closed",
                name="review_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.String(length=11), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("appeal_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "appeal_party",
            sa.Enum(
                "buyer",
                "vendor",
                "operator",
                "market",
                name="appeal_party",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("appeal_words", sa.Text(), nullable=True),
        sa.Column("appealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("appeal_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("appeal_upheld", sa.Boolean(), nullable=True),
        sa.Column("appeal_reasons", sa.Text(), nullable=True),
        sa.Column("appeal_decided_by", sa.String(length=11), nullable=True),
        sa.Column("appeal_decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["rating_id"], ["rating.id"], name=op.f("fk_rating_review_rating_id_rating")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating_review")),
        sa.UniqueConstraint("code", name=op.f("uq_rating_review_code")),
    )
    op.create_index(op.f("ix_rating_review_rating_id"), "rating_review", ["rating_id"], unique=False)
    op.create_index(op.f("ix_rating_review_state"), "rating_review", ["state"], unique=False)
    op.create_index(
        "uq_rating_review_running",
        "rating_review",
        ["rating_id"],
        unique=True,
        postgresql_where="state in ('open', 'appealed')",
    )
    op.create_table(
        "rating_report",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("rating_id", sa.BigInteger(), nullable=False),
        sa.Column("review_id", sa.BigInteger(), nullable=False),
        sa.Column("reporter", sa.String(length=11), nullable=False),
        sa.Column("person", sa.String(length=11), nullable=False),
        sa.Column("by_vendor", sa.Boolean(), nullable=False),
        sa.Column("cause", sa.String(length=24), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["rating_id"], ["rating.id"], name=op.f("fk_rating_report_rating_id_rating")),
        sa.ForeignKeyConstraint(
            ["review_id"], ["rating_review.id"], name=op.f("fk_rating_report_review_id_rating_review")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating_report")),
        sa.UniqueConstraint("rating_id", "reporter", name=op.f("uq_rating_report_rating_id_reporter")),
    )
    op.create_index(op.f("ix_rating_report_person"), "rating_report", ["person"], unique=False)
    op.create_index(op.f("ix_rating_report_reporter"), "rating_report", ["reporter"], unique=False)
    op.create_index(op.f("ix_rating_report_review_id"), "rating_report", ["review_id"], unique=False)
    op.add_column("standing", sa.Column("credit", sa.Integer(), nullable=False, server_default="100000"))
    op.alter_column("standing", "credit", server_default=None)
    op.bulk_insert(sa.table("rating_term", *map(sa.column, TERM)), [dict(zip(TERM, row, strict=True)) for row in TERMS])
    op.bulk_insert(
        sa.table("category_mean", *map(sa.column, MEAN)), [dict(zip(MEAN, row, strict=True)) for row in MEANS]
    )
    grounds = sa.table("credit_ground", *(sa.column(name) for name in GROUND))
    op.bulk_insert(grounds, [dict(zip(GROUND, row, strict=True)) for row in GROUNDS])


def downgrade() -> None:
    """Remove the tables and the column."""
    op.drop_column("standing", "credit")
    op.drop_index(op.f("ix_rating_report_review_id"), table_name="rating_report")
    op.drop_index(op.f("ix_rating_report_reporter"), table_name="rating_report")
    op.drop_index(op.f("ix_rating_report_person"), table_name="rating_report")
    op.drop_table("rating_report")
    op.drop_index(
        "uq_rating_review_running", table_name="rating_review", postgresql_where="state in ('open', 'appealed')"
    )
    op.drop_index(op.f("ix_rating_review_state"), table_name="rating_review")
    op.drop_index(op.f("ix_rating_review_rating_id"), table_name="rating_review")
    op.drop_table("rating_review")
    op.drop_table("call_back")
    op.drop_index("ix_rating_waiting", table_name="rating", postgresql_where="state = 'hidden'")
    op.drop_index(op.f("ix_rating_vendor_id"), table_name="rating")
    op.drop_index("ix_rating_shown", table_name="rating", postgresql_where="state in ('public', 'under_review')")
    op.drop_index(op.f("ix_rating_person"), table_name="rating")
    op.drop_index(op.f("ix_rating_client"), table_name="rating")
    op.drop_table("rating")
    op.drop_index(op.f("ix_credit_proposal_vendor_id"), table_name="credit_proposal")
    op.drop_index(op.f("ix_credit_proposal_state"), table_name="credit_proposal")
    op.drop_index(op.f("ix_credit_proposal_about"), table_name="credit_proposal")
    op.drop_table("credit_proposal")
    op.drop_index(op.f("ix_credit_deduction_vendor_id"), table_name="credit_deduction")
    op.drop_index(op.f("ix_credit_deduction_state"), table_name="credit_deduction")
    op.drop_index(op.f("ix_credit_deduction_made_by"), table_name="credit_deduction")
    op.drop_table("credit_deduction")
    op.drop_table("rating_term")
    op.drop_table("credit_ground")
    op.drop_table("category_mean")
