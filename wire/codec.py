"""Message ↔ UTF-8 JSON, with every breach of the contract turned into one ContractError."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from wire.errors import ContractError

M = TypeVar("M")

SHOWN_VALUE = 60


class Codec(Generic[M]):
    """Reads and writes one message class.

    Unknown fields are ignored (a newer sender may add some); a missing or wrong field raises ContractError.
    """

    def __init__(self, name: str, message: Any) -> None:
        self.name = name
        self._adapter: TypeAdapter[M] = TypeAdapter(message)

    def encode(self, message: M) -> bytes:
        """The message as compact UTF-8 JSON."""
        return self._adapter.dump_json(message)

    def decode(self, raw: bytes | str) -> M:
        """Read one message; raise ContractError naming the field, the value and the rule."""
        try:
            return self._adapter.validate_json(raw, strict=True)
        except ValidationError as error:
            raise ContractError(f"{self.name}: {explain(error)}") from error
        except RecursionError as error:
            raise ContractError(f"{self.name}: nested too deep") from error


def explain(error: ValidationError) -> str:
    """The first breach in one line: field, rule and value, shortened."""
    first = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "message"
    return f"{_short(field)}: {first['msg']} (got {_short(repr(first.get('input')))})"


def _short(text: str) -> str:
    """What a sender wrote may be as long as the message; an error is one line."""
    return text if len(text) <= SHOWN_VALUE else text[:SHOWN_VALUE] + "…"
