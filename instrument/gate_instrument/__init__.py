"""What a request cost the server, told in ``Server-Timing``: queries, their time, connections waited for and held.

Off unless ``GATE_INSTRUMENT=1`` is in the environment, or ``on=True`` is given: while off, ``wsgi`` and ``asgi`` give
back the application itself, and the hooks what they were given. The hooks of libraries are in modules of their own
(``dbapi``, ``django``, ``psycopg``, ``psycopg_pool``, ``sqlalchemy``), so that none is imported that is not asked for.
"""

from gate_instrument.asgi import asgi
from gate_instrument.meter import carrying
from gate_instrument.pools import Pool
from gate_instrument.wsgi import wsgi

__all__ = ["Pool", "asgi", "carrying", "wsgi"]
