"""The history of the schema, one Alembic script per change. A released script is never edited: a change is a new script."""
