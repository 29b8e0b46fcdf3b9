"""The report of a run: one JSON object, and what derives from it for people, CI servers and front pages.

    Files(json=Path("report.json"), html=Path("report.html")).write(verdict)

``json_report`` says everything, in the form of ``report.schema.json``. ``html`` is for people, ``text`` for terminals,
``junit`` for CI servers, ``badge`` for front pages. What a server said is hostile until it is escaped: each of them
escapes it for its own medium, and ``visible`` first shows what no eye would see. Keys were hidden long before, by
``redaction``.
"""
