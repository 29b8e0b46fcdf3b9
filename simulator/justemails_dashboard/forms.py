"""Reading the forms that the pages send."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

import falcon

from justemails.api.errors import ApiError
from justemails_contract.errors import BAD_REQUEST, UNSUPPORTED_MEDIA_TYPE

_FORM = "application/x-www-form-urlencoded"
_MAX = 256 * 1024  # bytes


def read_form(req: falcon.Request) -> dict[str, str]:
    """Return the fields of a form, each given once.

    Raises:
        ApiError: 400 or 415; what came is no form.
    """
    if (req.content_type or "").partition(";")[0].strip().lower() != _FORM:
        raise ApiError(UNSUPPORTED_MEDIA_TYPE, f"The Content-Type header must be '{_FORM}'.")
    data = req.bounded_stream.read(_MAX + 1)
    if len(data) > _MAX:
        raise ApiError(BAD_REQUEST, f"A form must have at most {_MAX} bytes.")
    try:
        pairs = parse_qsl(data.decode(), keep_blank_values=True, strict_parsing=bool(data), errors="strict")
    except ValueError:
        raise ApiError(BAD_REQUEST, "The form cannot be read: it must be percent-encoded UTF-8.") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ApiError(BAD_REQUEST, "A field of the form is given more than once.")
    return fields


def field(fields: Mapping[str, str], name: str) -> str:
    """Return a field that has to be there.

    Raises:
        ApiError: 400, naming the field.
    """
    value = fields.get(name, "").strip()
    if not value:
        raise ApiError(BAD_REQUEST, f"The field '{name}' must not be empty.")
    return value
