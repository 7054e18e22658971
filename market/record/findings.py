"""What a check of the public record found: one line each, the part and what is wrong with it. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `part` names the place (such as `checkpoint`, `leaf 17`, `proof`), `message` what is wrong."""

    part: str
    message: str

    def __str__(self) -> str:
        return f"{self.part}: {self.message}"


class Unproven(Exception):
    """A note, a proof or a policy that does not hold; `finding` is the line that says which part and why."""

    def __init__(self, part: str, message: str) -> None:
        self.finding = Finding(part, message)
        super().__init__(str(self.finding))
