"""Receivers that accept, and send something back later."""

from fakemx.behaviours.script import Expected, ReportKind, SendReport, Stage, Step, one_host

ENTRIES = tuple(
    one_host(name, summary, Expected.DELIVERED, Step(Stage.AFTER, SendReport(kind, after_s)))
    for name, summary, kind, after_s in (
        ("late-bounce", "accepts, and two hours later sends a bounce (RFC 3464)", ReportKind.FAILURE, 7_200),
        ("complaint", "accepts, and an hour later reports a spam complaint (RFC 5965)", ReportKind.COMPLAINT, 3_600),
        ("out-of-office", "accepts, and answers at once: out of office (RFC 3834)", ReportKind.OUT_OF_OFFICE, 1),
        ("delayed-report", "accepts, and four hours later warns of a delay (RFC 3464)", ReportKind.DELAYED, 14_400),
        (
            "forged-report",
            "accepts, and an hour later sends a bounce of a mail that never was",
            ReportKind.FORGED,
            3_600,
        ),
    )
)
