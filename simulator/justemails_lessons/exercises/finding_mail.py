"""The exercises of lesson 10."""

from collections.abc import Mapping

from justemails_lessons.exercises.exercise import Exercise, Observed


def _bounced_invoices_alone(found: Observed, wanted: Observed) -> bool:
    return bool(found.status == 200 and {item["id"] for item in found["data"]} == wanted)


def _counted(pages: Observed) -> tuple[int, int]:
    ids = [one for page in pages for one in page]
    return len(ids), len(set(ids))


def _each_once(pages: Observed, wanted: Observed) -> bool:
    items, messages = _counted(pages)
    return items == messages and wanted <= {one for page in pages for one in page}


EXERCISES: Mapping[str, Exercise] = {
    "10.1": Exercise(
        _bounced_invoices_alone,
        lambda found, wanted: (
            f"this finds {found['pagination']['total']} messages, and there are {len(wanted)} such invoices. "
            "Filters are joined with '&'."
            if found.status == 200
            else found["message"]
        ),
        "Where there are two filters, both must hold.",
    ),
    "10.2": Exercise(
        _each_once,
        lambda pages, wanted: "{} items for {} messages. Which filter keeps out what is newer than the walk?".format(
            *_counted(pages)
        ),
        "The list up to a moment in the past no longer grows.",
    ),
}
