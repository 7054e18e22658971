"""Names of vendors and their people in the forms that searching and comparing need."""

from market.kernel.names import name_key
from market.personal_data import keyed_hash


def pinyin_of(name: str) -> str:
    """Full pinyin and initials of a name, for search ("xian cehui xach"); at most 200 characters."""
    # its dictionaries take a third of a second to load, and most processes never ask
    from pypinyin import Style, lazy_pinyin

    kept = [part for part in lazy_pinyin(name) if part.strip()]
    initials = "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).replace(" ", "")
    return f"{''.join(kept)} {initials}".casefold()[:200]


def representative_hash(name: str) -> str:
    """Keyed hash of a representative's name, alike for all spellings of one name (kernel/names.py)."""
    return keyed_hash(name_key(name))
