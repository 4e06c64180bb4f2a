"""A user's orders: reading, creating one or many, and removing the created ones.

Functions with a keyword-only argument have a slow variant: the argument is the amount of extra work
its grade stands for, and 0 is the shop as it should be.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from catalogue import SIMILAR_PRODUCTS, similar_products
from database import write_transaction
from lookups import Row, batches, page_count, placeholders

ORDERS_PER_PAGE = 270
MAX_LINES = 20
MAX_BULK_LINES = 100
MAX_QUANTITY = 1000

# One lock each, so that a slow variant of one endpoint leaves the other alone.
_CREATE_LOCK = threading.Lock()
_BULK_LOCK = threading.Lock()


class OrderError(ValueError):
    """The request does not describe an order that can be placed."""


@dataclass(frozen=True)
class Line:
    """So many pieces of one product."""

    product_id: int
    quantity: int


def parse_order(body: object, max_lines: int = MAX_LINES) -> list[Line]:
    """Read ``{"lines": [{"product_id": 1, "quantity": 2}, ...]}``.

    Raises
    ------
    OrderError
        If the body has another shape or a number is out of range.
    """
    lines = body.get("lines") if isinstance(body, dict) else None
    if not isinstance(lines, list) or not 1 <= len(lines) <= max_lines:
        raise OrderError(f"'lines' must be a list of 1 to {max_lines} lines")
    return [_parse_line(line) for line in lines]


def parse_bulk(body: object) -> list[list[Line]]:
    """Read ``{"orders": [{"lines": [...]}, ...]}`` with at most 100 lines in all.

    Raises
    ------
    OrderError
        If the body has another shape, a number is out of range or there are too many lines.
    """
    orders = body.get("orders") if isinstance(body, dict) else None
    if not isinstance(orders, list) or not orders:
        raise OrderError("'orders' must be a list of at least one order")
    parsed = [parse_order(order, MAX_BULK_LINES) for order in orders]
    if sum(len(lines) for lines in parsed) > MAX_BULK_LINES:
        raise OrderError(f"at most {MAX_BULK_LINES} lines at once")
    return parsed


def _parse_line(line: object) -> Line:
    if not isinstance(line, dict):
        raise OrderError("a line must be an object")
    product_id, quantity = line.get("product_id"), line.get("quantity")
    # bool is an int to isinstance.
    if type(product_id) is not int or type(quantity) is not int:
        raise OrderError("'product_id' and 'quantity' must be whole numbers")
    if not 1 <= quantity <= MAX_QUANTITY:
        raise OrderError(f"'quantity' must be from 1 to {MAX_QUANTITY}")
    return Line(product_id, quantity)


def list_orders(connection: sqlite3.Connection, user_id: int, page: int, *, one_by_one: int = 0) -> Row | None:
    """Return one page of a user's orders with their lines, or None past the last page.

    Oldest first, so that the first pages stay what they are while orders are being created.
    """
    total = connection.execute("SELECT order_count FROM users WHERE id = ?", (user_id,)).fetchone()[0]
    if page > page_count(total, ORDERS_PER_PAGE):
        return None
    orders = connection.execute(
        """
        SELECT id, placed_at, total_cents FROM orders
        WHERE user_id = ? ORDER BY id LIMIT ? OFFSET ?
        """,
        (user_id, ORDERS_PER_PAGE, (page - 1) * ORDERS_PER_PAGE),
    ).fetchall()
    lines = connection.execute(
        f"""
        SELECT order_id, product_id, quantity, price_cents FROM order_lines
        WHERE order_id IN ({placeholders(orders)}) ORDER BY order_id, position
        """,
        [order["id"] for order in orders],
    ).fetchall()
    products: dict[int, Row] = {}
    for ids in batches([line["product_id"] for line in lines], one_by_one):
        products |= _ordered_products(connection, ids)
    lines_of: dict[int, list[Row]] = {order["id"]: [] for order in orders}
    for order_id, *line in lines:
        lines_of[order_id].append({**products[line[0]], "quantity": line[1], "price_cents": line[2]})
    return {
        "page": page,
        "pages": page_count(total, ORDERS_PER_PAGE),
        "total": total,
        "orders": [{**order, "lines": lines_of[order["id"]]} for order in orders],
    }


def _ordered_products(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, Row]:
    rows = connection.execute(
        f"""
        SELECT p.id AS product_id, p.name, c.name AS category, p.stock > 0 AS in_stock,
               (SELECT ROUND(AVG(rating), 2) FROM reviews r WHERE r.product_id = p.id) AS rating
        FROM products p JOIN categories c ON c.id = p.category_id
        WHERE p.id IN ({placeholders(ids)})
        """,
        ids,
    )
    return {row["product_id"]: dict(row) for row in rows}


def create_order(
    connection: sqlite3.Connection, user_id: int, lines: Sequence[Line], *, totalled_sales: int = 0
) -> Row:
    """Place one order and suggest products similar to its first line's.

    Raises
    ------
    OrderError
        If a product does not exist.
    """
    with _totalled_sales(connection, _CREATE_LOCK, totalled_sales) as books:
        order = _place(connection, user_id, [lines])[0]
        return {**order, "suggestions": _suggestions(connection, lines), **books}


def create_orders(
    connection: sqlite3.Connection,
    user_id: int,
    orders: Sequence[Sequence[Line]],
    *,
    totalled_sales: int = 0,
) -> Row:
    """Place several orders in one transaction, all of them or none, and suggest further products.

    Raises
    ------
    OrderError
        If a product does not exist.
    """
    with _totalled_sales(connection, _BULK_LOCK, totalled_sales) as books:
        created = _place(connection, user_id, orders)
        suggestions = _suggestions(connection, orders[0])
        return {"created": len(created), "orders": created, "suggestions": suggestions, **books}


@contextmanager
def _totalled_sales(connection: sqlite3.Connection, lock: threading.Lock, sales: int) -> Iterator[Row]:
    """Hold a lock of the process for too long: while adding up past sales and then while ordering.

    A request then costs this work and that of the requests in front of it.  With 0 sales there is no
    lock at all; SQLite's own write lock around the inserts is enough.
    """
    if not sales:
        yield {}
        return
    with lock:
        revenue = connection.execute(
            "SELECT SUM(quantity * price_cents) FROM sales WHERE id <= ?", (sales,)
        ).fetchone()[0]
        yield {"shop_revenue_cents": revenue}


def _place(connection: sqlite3.Connection, user_id: int, orders: Sequence[Sequence[Line]]) -> list[Row]:
    product_ids = {line.product_id for lines in orders for line in lines}
    prices: dict[int, int] = dict(
        connection.execute(
            f"SELECT id, price_cents FROM products WHERE id IN ({placeholders(product_ids)})", [*product_ids]
        )
    )
    for unknown in sorted(product_ids - prices.keys()):
        raise OrderError(f"there is no product {unknown}")
    with write_transaction(connection):
        return [_insert(connection, user_id, lines, prices) for lines in orders]


def _suggestions(connection: sqlite3.Connection, lines: Sequence[Line]) -> list[Row]:
    return similar_products(connection, lines[0].product_id, SIMILAR_PRODUCTS)


def _insert(connection: sqlite3.Connection, user_id: int, lines: Sequence[Line], prices: dict[int, int]) -> Row:
    placed_at = datetime.now(UTC).isoformat(timespec="seconds")
    total = sum(line.quantity * prices[line.product_id] for line in lines)
    order_id = connection.execute(
        "INSERT INTO orders (user_id, placed_at, total_cents) VALUES (?, ?, ?)", (user_id, placed_at, total)
    ).lastrowid
    connection.executemany(
        "INSERT INTO order_lines VALUES (?, ?, ?, ?, ?)",
        [
            (order_id, position, line.product_id, line.quantity, prices[line.product_id])
            for position, line in enumerate(lines, start=1)
        ],
    )
    connection.execute("UPDATE users SET order_count = order_count + 1 WHERE id = ?", (user_id,))
    return {
        "id": order_id,
        "placed_at": placed_at,
        "total_cents": total,
        "lines": [
            {
                "product_id": line.product_id,
                "quantity": line.quantity,
                "price_cents": prices[line.product_id],
            }
            for line in lines
        ],
    }


def remove_created_orders(connection: sqlite3.Connection, user_id: int) -> int:
    """Remove the orders a user created, keep the seeded ones, and return how many went."""
    with write_transaction(connection):
        connection.execute(
            """
            DELETE FROM order_lines
            WHERE order_id IN (SELECT id FROM orders WHERE user_id = ? AND seeded = 0)
            """,
            (user_id,),
        )
        removed = connection.execute("DELETE FROM orders WHERE user_id = ? AND seeded = 0", (user_id,)).rowcount
        connection.execute("UPDATE users SET order_count = order_count - ? WHERE id = ?", (removed, user_id))
    return removed
