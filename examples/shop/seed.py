"""The shop's schema and its seeded rows, the same on every machine."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

PRODUCTS = 19_440
REVIEWS_PER_PRODUCT = 5
SALES = 145_800
USERS = 40
ORDERS = 10_800
LINES_PER_ORDER = 5
DEMO_USER = "demo"
DEMO_ORDERS = 2_700
FIRST_DAY = date(2024, 1, 1)
LAST_MONTH = "2024-12"
DAYS = 366
FEATURES_PER_PRODUCT = 12

_ADJECTIVES = (
    "amber", "bold", "calm", "deep", "early", "fair", "grand", "happy", "ivory", "jolly",
    "keen", "light", "merry", "noble", "olive", "plain", "quick", "rustic", "sunny", "tidy",
)  # fmt: skip
_MATERIALS = (
    "ash", "bamboo", "canvas", "denim", "enamel", "felt", "glass", "hemp",
    "iron", "jute", "leather", "marble", "oak", "steel", "wool",
)  # fmt: skip
_NOUNS = (
    "apron", "basket", "bench", "blanket", "bottle", "bowl", "box", "candle", "chair", "clock",
    "coat", "cup", "cushion", "desk", "fork", "frame", "gloves", "hammer", "hat", "jar",
    "kettle", "knife", "ladder", "lamp", "mirror", "mug", "pan", "pillow", "plate", "pot",
    "rack", "rug", "shelf", "spoon", "stool", "table", "teapot", "towel", "tray", "vase",
)  # fmt: skip
FEATURES = (
    "adjustable", "airtight", "angled", "antique", "arched", "balanced", "bevelled", "braided",
    "breathable", "bright", "brushed", "carved", "charming", "classic", "cleanable", "coastal",
    "collapsible", "comfortable", "compact", "corded", "cosy", "crafted", "curved", "decorative",
    "dense", "detachable", "double", "durable", "dyed", "easy", "elegant", "embossed", "engraved",
    "even", "festive", "fine", "firm", "flat", "flexible", "foldable", "formal", "fresh", "fringed",
    "gentle", "glazed", "glossy", "hanging", "handmade", "heavy", "hinged", "hollow", "hooked",
    "insulated", "inlaid", "knitted", "lasting", "layered", "lidded", "lined", "local", "magnetic",
    "matte", "mended", "minimal", "modern", "modular", "narrow", "natural", "nested", "northern",
    "oiled", "organic", "padded", "painted", "patterned", "pleated", "polished", "portable",
    "practical", "printed", "quiet", "quilted", "raised", "recycled", "refillable", "repairable",
    "reversible", "ribbed", "round", "safe", "sanded", "scented", "seasonal", "sealed", "sewn",
    "shallow", "simple", "slim", "smooth", "soft", "solid", "square", "stackable", "stained",
    "stitched", "striped", "sturdy", "tall", "tapered", "textured", "thick", "tiled", "traditional",
    "turned", "twisted", "upright", "vented", "washable", "waxed", "wide",
)  # fmt: skip

_SCHEMA = """
CREATE TABLE categories (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE products (
    id INTEGER PRIMARY KEY,
    category_id INTEGER NOT NULL REFERENCES categories (id),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    price_cents INTEGER NOT NULL,
    stock INTEGER NOT NULL
);
CREATE TABLE product_words (
    product_id INTEGER NOT NULL REFERENCES products (id),
    word TEXT NOT NULL,
    PRIMARY KEY (product_id, word)
) WITHOUT ROWID;
CREATE TABLE reviews (
    id INTEGER PRIMARY KEY,
    product_id INTEGER NOT NULL REFERENCES products (id),
    author TEXT NOT NULL,
    rating INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE TABLE sales (
    id INTEGER PRIMARY KEY,
    product_id INTEGER NOT NULL REFERENCES products (id),
    sold_on TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    price_cents INTEGER NOT NULL
);
CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    order_count INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id),
    placed_at TEXT NOT NULL,
    total_cents INTEGER NOT NULL,
    seeded INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE order_lines (
    order_id INTEGER NOT NULL REFERENCES orders (id),
    position INTEGER NOT NULL,
    product_id INTEGER NOT NULL REFERENCES products (id),
    quantity INTEGER NOT NULL,
    price_cents INTEGER NOT NULL,
    PRIMARY KEY (order_id, position)
) WITHOUT ROWID;
"""

_INDEXES = """
CREATE INDEX products_by_category ON products (category_id, price_cents, stock);
CREATE INDEX words_by_word ON product_words (word);
CREATE INDEX reviews_by_product ON reviews (product_id, rating);
CREATE INDEX sales_by_day ON sales (sold_on);
CREATE INDEX orders_by_user ON orders (user_id);
CREATE INDEX created_orders_by_user ON orders (user_id) WHERE seeded = 0;
"""


def seed(connection: sqlite3.Connection) -> None:
    """Create the schema and all seeded rows in an empty database."""
    random = Random(20_240_101)
    connection.executescript(_SCHEMA)
    connection.execute("BEGIN")
    _seed_catalogue(connection, random)
    connection.executemany("INSERT INTO sales VALUES (?, ?, ?, ?, ?)", _sales(random))
    _seed_orders(connection, random)
    connection.execute("COMMIT")
    connection.executescript(_INDEXES)
    # With statistics stored in the file, every server plans every query the same way.
    connection.execute("ANALYZE")


def _seed_catalogue(connection: sqlite3.Connection, random: Random) -> None:
    connection.executemany("INSERT INTO categories VALUES (?, ?)", enumerate(_NOUNS, start=1))
    for product_id in range(1, PRODUCTS + 1):
        category_id = 1 + product_id % len(_NOUNS)
        name = (random.choice(_ADJECTIVES), random.choice(_MATERIALS), _NOUNS[category_id - 1])
        features = random.sample(FEATURES, FEATURES_PER_PRODUCT)
        connection.execute(
            "INSERT INTO products VALUES (?, ?, ?, ?, ?, ?)",
            (
                product_id,
                category_id,
                " ".join(name).capitalize(),
                _sentence(features),
                _price(random),
                random.randrange(200),
            ),
        )
        connection.executemany(
            "INSERT INTO product_words VALUES (?, ?)",
            [(product_id, word) for word in sorted({*name, *features})],
        )
        connection.executemany(
            "INSERT INTO reviews (product_id, author, rating, body) VALUES (?, ?, ?, ?)",
            [
                (
                    product_id,
                    f"{random.choice(_ADJECTIVES)}-{random.randrange(1000)}",
                    random.randint(1, 5),
                    _sentence(random.sample(FEATURES, 8)),
                )
                for _ in range(REVIEWS_PER_PRODUCT)
            ],
        )


def _sentence(words: list[str]) -> str:
    return f"{', '.join(words[:-1]).capitalize()} and {words[-1]}."


def _sales(random: Random) -> Iterator[tuple[int, int, str, int, int]]:
    for sale_id in range(1, SALES + 1):
        day = FIRST_DAY + timedelta(days=(sale_id - 1) * DAYS // SALES)
        yield (
            sale_id,
            random.randint(1, PRODUCTS),
            day.isoformat(),
            random.randint(1, 4),
            _price(random),
        )


def _price(random: Random) -> int:
    return random.randrange(500, 20_000, 5)


def _seed_orders(connection: sqlite3.Connection, random: Random) -> None:
    names = [DEMO_USER, *(f"customer-{number}" for number in range(2, USERS + 1))]
    connection.executemany("INSERT INTO users (name) VALUES (?)", [(name,) for name in names])
    for order_id in range(1, ORDERS + 1):
        user_id = 1 if order_id % (ORDERS // DEMO_ORDERS) == 0 else random.randint(2, USERS)
        day = FIRST_DAY + timedelta(days=(order_id - 1) * DAYS // ORDERS)
        lines = [
            (order_id, position, random.randint(1, PRODUCTS), random.randint(1, 4), _price(random))
            for position in range(1, LINES_PER_ORDER + 1)
        ]
        total = sum(quantity * price for *_, quantity, price in lines)
        connection.execute(
            "INSERT INTO orders VALUES (?, ?, ?, ?, 1)", (order_id, user_id, f"{day}T12:00:00+00:00", total)
        )
        connection.executemany("INSERT INTO order_lines VALUES (?, ?, ?, ?, ?)", lines)
    connection.execute("UPDATE users SET order_count = (SELECT COUNT(*) FROM orders WHERE orders.user_id = users.id)")
