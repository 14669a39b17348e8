"""How the ledger's tables came to be, step by step (Alembic). A step that was released is never changed.

A change of the tables: change `schema.py` and its `NEWEST`, and write the step as a new module of `versions`.
"""
