"""What any server of the API promises, as data: operations, limits, error codes and the delivery state table.

Nothing here knows a server, a client or a library. The prose is in ``contracts/api-document.md`` (each promise
under an anchor) and ``contracts/choices.md`` (each silence, numbered).
"""
