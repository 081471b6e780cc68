"""The HTTP API under `/api/v1`: declared operations, the document made from them, and thin views over services.

``docs/formats/api.md`` is the text for whoever calls it.
"""
