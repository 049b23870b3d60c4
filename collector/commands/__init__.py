"""Orders to kiosks, from a closed list: given here, sealed and sent by jobs, answered through ingest."""

from collector.commands.orders import Answer, OrderState, answers, cancel, handled, order, orders_of

__all__ = ["Answer", "OrderState", "answers", "cancel", "handled", "order", "orders_of"]
