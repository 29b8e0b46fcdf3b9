"""The document's table of errors, with the code word that goes into the ``error`` member.

The document shows one code word, ``VALIDATION_ERROR`` [errors.example]. The others are CHOICE-05, named after
the document's own meanings. The transport's own refusals (405, 413, ...) are not in its table: CHOICE-06.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """One row: an HTTP status, the code word in the body, and the document's name for it."""

    status: int
    code: str
    meaning: str


BAD_REQUEST = ErrorKind(400, "VALIDATION_ERROR", "Bad Request")  # [errors.400]
UNAUTHORIZED = ErrorKind(401, "UNAUTHORIZED", "Unauthorized")  # [errors.401]
FORBIDDEN = ErrorKind(403, "FORBIDDEN", "Forbidden")  # [errors.403]
NOT_FOUND = ErrorKind(404, "NOT_FOUND", "Not Found")  # [errors.404]
CONFLICT = ErrorKind(409, "CONFLICT", "Conflict")  # [errors.409]
UNPROCESSABLE = ErrorKind(422, "VALIDATION_ERROR", "Unprocessable Entity")  # [errors.422]
RATE_LIMITED = ErrorKind(429, "RATE_LIMITED", "Too Many Requests")  # [errors.429]
INTERNAL_ERROR = ErrorKind(500, "INTERNAL_ERROR", "Internal Server Error")  # [errors.500]

DOCUMENTED = (
    BAD_REQUEST,
    UNAUTHORIZED,
    FORBIDDEN,
    NOT_FOUND,
    CONFLICT,
    UNPROCESSABLE,
    RATE_LIMITED,
    INTERNAL_ERROR,
)

# [errors.422] the document's own example has its own code word, so that a client can tell it from the rest.
DOMAIN_NOT_VERIFIED = ErrorKind(422, "DOMAIN_NOT_VERIFIED", "Unprocessable Entity")

# CHOICE-06: refusals that HTTP itself asks for.
METHOD_NOT_ALLOWED = ErrorKind(405, "METHOD_NOT_ALLOWED", "Method Not Allowed")
PAYLOAD_TOO_LARGE = ErrorKind(413, "PAYLOAD_TOO_LARGE", "Payload Too Large")
UNSUPPORTED_MEDIA_TYPE = ErrorKind(415, "UNSUPPORTED_MEDIA_TYPE", "Unsupported Media Type")
HEADERS_TOO_LARGE = ErrorKind(431, "HEADERS_TOO_LARGE", "Request Header Fields Too Large")
NOT_IMPLEMENTED = ErrorKind(501, "NOT_IMPLEMENTED", "Not Implemented")

TRANSPORT = (
    METHOD_NOT_ALLOWED,
    PAYLOAD_TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    HEADERS_TOO_LARGE,
    NOT_IMPLEMENTED,
)
