"""The database: base class, naming of constraints, column types that all tables share, public codes."""

import secrets
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, Date, DateTime, Enum, Identity, MetaData, String, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

from market.kernel import codes

Pk = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
#: a public code such as L-7K3M9Q2FE, unique in its table (kernel/codes.py)
Code = Annotated[str, mapped_column(String(11), unique=True)]
#: the public code of a row in another table, kept as text
CodeRef = Annotated[str, mapped_column(String(11), index=True)]
#: an amount in fen, not a float
Fen = Annotated[int, mapped_column(BigInteger)]
#: a moment, always aware and in UTC
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]
#: a date of the calendar in Asia/Shanghai, never a moment
Day = Annotated[date, mapped_column(Date)]
Short = Annotated[str, mapped_column(String(200))]
LongText = Annotated[str, mapped_column(Text)]
Facts = Annotated[dict[str, Any], mapped_column(JSONB)]
Texts = Annotated[list[str], mapped_column(ARRAY(Text))]

__all__ = [
    "Base", "Code", "CodeRef", "Day", "Facts", "Fen", "Instant", "LongText", "Pk", "Short", "Texts", "db", "enum_of", "new_code",
]  # fmt: skip


class Base(DeclarativeBase):
    """Base of all tables. Constraints get names, so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(
    model_class=Base,
    engine_options={
        # a connection that died with the server is noticed before its use, not by a visitor
        "pool_pre_ping": True,
        "connect_args": {"options": "-c timezone=UTC -c statement_timeout=30s", "connect_timeout": 5},
    },
    # in tests the session joins a transaction that is rolled back at the end
    session_options={"join_transaction_mode": "create_savepoint", "expire_on_commit": False},
)


def enum_of(kind: type[StrEnum], name: str) -> Enum:
    """A column type for a StrEnum: its values as text with a CHECK named `name`, so that the database refuses others."""
    return Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=24,
        values_callable=lambda members: [member.value for member in members],
    )


def new_code(letter: str) -> str:
    """A fresh public code: `letter`, 8 random characters, a check character. Uniqueness is the column's constraint."""
    return codes.make(letter, secrets.randbits(40))
