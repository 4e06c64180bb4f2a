"""What anyone may read: products, search, categories and best sellers.

Functions with a keyword-only argument have a slow variant: the argument is the amount of extra work
its grade stands for, and 0 is the shop as it should be.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence

from lookups import Row, batches, page_count, placeholders

PRODUCTS_PER_PAGE = 270
SEARCH_RESULTS = 270
BESTSELLERS = 135
SIMILAR_PRODUCTS = 32


def list_products(connection: sqlite3.Connection, page: int, *, one_by_one: int = 0) -> Row | None:
    """Return one page of products with the filters of the whole list, or None past the last page."""
    filters = connection.execute(
        """
        SELECT c.name AS category, COUNT(*) AS products, SUM(p.stock > 0) AS in_stock,
               MIN(p.price_cents) AS cheapest_cents, MAX(p.price_cents) AS dearest_cents
        FROM categories c JOIN products p ON p.category_id = c.id
        GROUP BY c.id
        """
    ).fetchall()
    total = sum(row["products"] for row in filters)
    if page > page_count(total, PRODUCTS_PER_PAGE):
        return None
    products = connection.execute(
        """
        SELECT id, name, description, price_cents, stock FROM products
        ORDER BY id LIMIT ? OFFSET ?
        """,
        (PRODUCTS_PER_PAGE, (page - 1) * PRODUCTS_PER_PAGE),
    ).fetchall()
    facts: dict[int, Row] = {}
    for ids in batches([product["id"] for product in products], one_by_one):
        facts |= _facts(connection, ids)
    return {
        "page": page,
        "pages": page_count(total, PRODUCTS_PER_PAGE),
        "total": total,
        "filters": [dict(row) for row in filters],
        "products": [{**product, **facts[product["id"]]} for product in products],
    }


def _facts(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, Row]:
    marks = placeholders(ids)
    facts = {
        row["id"]: {"category": row["category"]}
        for row in connection.execute(
            f"""
            SELECT p.id, c.name AS category FROM products p JOIN categories c ON c.id = p.category_id
            WHERE p.id IN ({marks})
            """,
            ids,
        )
    }
    for row in connection.execute(
        f"""
        SELECT product_id, ROUND(AVG(rating), 2) AS rating, COUNT(*) AS reviews
        FROM reviews WHERE product_id IN ({marks}) GROUP BY product_id
        """,
        ids,
    ):
        facts[row["product_id"]] |= {"rating": row["rating"], "reviews": row["reviews"]}
    for row in connection.execute(
        f"""
        SELECT product_id, body FROM reviews WHERE id IN (
            SELECT MAX(id) FROM reviews WHERE product_id IN ({marks}) GROUP BY product_id
        )
        """,
        ids,
    ):
        facts[row["product_id"]]["latest_review"] = row["body"]
    return facts


def product_detail(connection: sqlite3.Connection, product_id: int, *, embedded: int = 0) -> Row | None:
    """Return a product with its reviews and similar products, or None when there is no such product.

    The slow variant sends the `embedded` most similar products in full as well.
    """
    product = connection.execute(
        """
        SELECT p.id, p.name, p.description, c.name AS category, p.price_cents, p.stock
        FROM products p JOIN categories c ON c.id = p.category_id WHERE p.id = ?
        """,
        (product_id,),
    ).fetchone()
    if product is None:
        return None
    similar = similar_products(connection, product_id, max(SIMILAR_PRODUCTS, embedded))
    detail = {
        **product,
        "reviews": _reviews(connection, [product_id])[product_id],
        "similar": similar[:SIMILAR_PRODUCTS],
    }
    if embedded:
        detail["similar_in_full"] = _in_full(connection, [row["id"] for row in similar[:embedded]])
    return detail


def similar_products(connection: sqlite3.Connection, product_id: int, limit: int) -> list[Row]:
    """Return the products that share the most words with one product, closest first."""
    rows = connection.execute(
        """
        SELECT p.id, p.name, p.price_cents, close.shared_words
        FROM (
            SELECT other.product_id AS id, COUNT(*) AS shared_words
            FROM product_words mine JOIN product_words other ON other.word = mine.word
            WHERE mine.product_id = ?1 AND other.product_id <> ?1
            GROUP BY other.product_id ORDER BY shared_words DESC, other.product_id LIMIT ?2
        ) close JOIN products p ON p.id = close.id
        ORDER BY close.shared_words DESC, p.id
        """,
        (product_id, limit),
    )
    return [dict(row) for row in rows]


def _reviews(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, list[Row]]:
    reviews: dict[int, list[Row]] = {product_id: [] for product_id in ids}
    for row in connection.execute(
        f"""
        SELECT product_id, author, rating, body FROM reviews
        WHERE product_id IN ({placeholders(ids)}) ORDER BY product_id, id
        """,
        ids,
    ):
        reviews[row["product_id"]].append({"author": row["author"], "rating": row["rating"], "body": row["body"]})
    return reviews


def _in_full(connection: sqlite3.Connection, ids: Sequence[int]) -> list[Row]:
    reviews = _reviews(connection, ids)
    products = connection.execute(f"SELECT * FROM products WHERE id IN ({placeholders(ids)})", ids)
    return [{**product, "reviews": reviews[product["id"]]} for product in products]


def search(connection: sqlite3.Connection, words: Sequence[str], *, unindexed: int = 0) -> Row:
    """Return the best rated products that have every word in their name or description.

    In the slow variant the index of words does not cover the `unindexed` oldest products.
    """
    marks = placeholders(words)
    if unindexed:
        # A function around the column keeps the index out of it, as if these rows were not in it.
        matching = f"""
            SELECT product_id FROM product_words WHERE word IN ({marks}) AND product_id > ?
            UNION ALL
            SELECT product_id FROM product_words WHERE product_id <= ? AND lower(word) IN ({marks})
        """
        values = [*words, unindexed, unindexed, *words]
    else:
        matching = f"SELECT product_id FROM product_words WHERE word IN ({marks})"
        values = [*words]
    rows = connection.execute(
        f"""
        SELECT p.id, p.name, p.description, p.price_cents, hit.rating, COUNT(*) OVER () AS total
        FROM (
            SELECT m.product_id AS id,
                   (SELECT ROUND(AVG(rating), 2) FROM reviews r WHERE r.product_id = m.product_id) AS rating
            FROM ({matching}) m GROUP BY m.product_id HAVING COUNT(*) = ?
        ) hit JOIN products p ON p.id = hit.id
        ORDER BY hit.rating DESC, p.price_cents, p.id LIMIT ?
        """,
        (*values, len(words), SEARCH_RESULTS),
    ).fetchall()
    whole_word = re.compile(rf"\b({'|'.join(words)})\b", re.IGNORECASE)
    return {
        "query": " ".join(words),
        "total": rows[0]["total"] if rows else 0,
        "products": [
            {
                "id": row["id"],
                "name": row["name"],
                "snippet": whole_word.sub(r"<mark>\1</mark>", row["description"]),
                "price_cents": row["price_cents"],
                "rating": row["rating"],
            }
            for row in rows
        ],
    }


def list_categories(connection: sqlite3.Connection, month: str, *, embedded: int = 0) -> Row:
    """Return every category with its numbers and what it sold in a month given as ``YYYY-MM``.

    The slow variant sends `embedded` products of each category along.
    """
    rows = connection.execute(
        """
        SELECT c.id, c.name, COUNT(*) AS products, SUM(p.stock > 0) AS in_stock,
               ROUND(AVG(p.price_cents)) AS average_price_cents
        FROM categories c JOIN products p ON p.category_id = c.id
        GROUP BY c.id
        """
    ).fetchall()
    sold = dict(
        connection.execute(
            """
            SELECT p.category_id, SUM(s.quantity) FROM sales s JOIN products p ON p.id = s.product_id
            WHERE s.sold_on BETWEEN ?1 || '-01' AND ?1 || '-31' GROUP BY p.category_id
            """,
            (month,),
        )
    )
    categories = [{**row, "sold": sold.get(row["id"], 0)} for row in rows]
    if embedded:
        _embed_products(connection, categories, embedded)
    return {"total": len(categories), "month": month, "categories": categories}


def _embed_products(connection: sqlite3.Connection, categories: list[Row], per_category: int) -> None:
    members: dict[int, list[Row]] = {category["id"]: [] for category in categories}
    for row in connection.execute(
        """
        SELECT p.* FROM categories c JOIN products p ON p.id IN (
            SELECT id FROM products WHERE category_id = c.id ORDER BY id LIMIT ?
        )
        """,
        (per_category,),
    ):
        members[row["category_id"]].append(dict(row))
    for category in categories:
        category["members"] = members[category["id"]]


def list_bestsellers(connection: sqlite3.Connection, month: str, *, unindexed: int = 0) -> Row:
    """Return what sold most in a month given as ``YYYY-MM``.

    In the slow variant the index of sale dates does not cover the `unindexed` oldest sales.
    """
    sold = "SELECT * FROM sales WHERE sold_on BETWEEN ?1 || '-01' AND ?1 || '-31'"
    if unindexed:
        sold = f"""
            {sold} AND id > ?3
            UNION ALL
            SELECT * FROM sales WHERE id <= ?3 AND substr(sold_on, 1, 7) = ?1
        """
    rows = connection.execute(
        f"""
        SELECT p.id, p.name, c.name AS category, best.sold, best.revenue_cents
        FROM (
            SELECT product_id, SUM(quantity) AS sold, SUM(quantity * price_cents) AS revenue_cents
            FROM ({sold}) GROUP BY product_id ORDER BY sold DESC, product_id LIMIT ?2
        ) best JOIN products p ON p.id = best.product_id JOIN categories c ON c.id = p.category_id
        ORDER BY best.sold DESC, p.id
        """,
        (month, BESTSELLERS, unindexed) if unindexed else (month, BESTSELLERS),
    )
    return {"month": month, "products": [dict(row) for row in rows]}
