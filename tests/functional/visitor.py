"""A visitor without a browser: pages by HTTP, forms sent with the token of their page."""

import re
from typing import Any

import httpx

OFFER = {
    "title": "社会稳定风险评估（示例）", "price_model": "fixed", "price": "12000", "days": "15", "capacity": "3",
    "deliverables": "评估报告 3 份", "languages": "zh",
}  # fmt: skip
#: a service without a standard and without a demanded licence
ITEM = "stability-risk"


class Visitor:
    """One person's session with the served market at `url`."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=30)
        self.token = ""

    def get(self, path: str, **params: str) -> str:
        """The text of a page that must answer with 200."""
        answer = self.http.get(path, params=params)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    def submit(self, path: str, **data: Any) -> httpx.Response:
        """Send a form; the answer, redirects not followed."""
        if not self.token:
            found = re.search(r'name="csrf_token" value="([^"]+)"', self.get(path))
            assert found, path
            self.token = found[1]
        return self.http.post(path, data={**data, "csrf_token": self.token})

    def sign_in(self, email: str, password: str) -> None:
        """Sign in with a password."""
        assert self.submit("/sign-in", email=email, password=password).status_code == 302
        self.token = ""

    def begin_offer(self) -> str:
        """A new draft; its code."""
        answer = self.submit("/desk/offers/new", item=ITEM)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"].rpartition("/")[2]

    def publish(self, code: str) -> None:
        """Write an offer and publish it."""
        answer = self.submit(f"/desk/offers/{code}", **OFFER, publish="1")
        assert answer.status_code == 302, answer.text
        assert answer.headers["Location"] == f"/offers/{code}"

    def finds(self, code: str) -> bool:
        """Whether search (and not the database in its place) shows the offer."""
        page = self.get("/search", item=ITEM)
        return code in page and 'id="facets"' in page
