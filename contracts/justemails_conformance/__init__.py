"""The conformance suite: judges any server of the API by its base URL, over HTTP alone.

It may import ``justemails_contract`` and no implementation. Start reading at ``judge``; ``core`` has the checks,
``clauses`` what they are bound to, and ``transport`` the HTTP that no server can harm.
"""
