"""QR codes (ISO/IEC 18004) as SVG for pages and print."""

import io

import segno
from markupsafe import Markup


def svg(text: str) -> Markup:
    """The QR code of `text` with error correction M, without a fixed size: put it into a `wm-qr` that has a name. ValueError
    when `text` is longer than a code can hold (2,331 bytes)."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=2, nl=False
    )
    return Markup(out.getvalue().decode())  # noqa: S704 - made of nothing but squares
