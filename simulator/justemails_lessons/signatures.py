"""DKIM signatures as a lesson looks at them: their tags, the text that is hashed, and a signature of any kind.

The reference signs ``relaxed/relaxed`` alone (CHOICE-27); to compare it with the other ways a lesson signs for itself.
"""

import textwrap
from collections import UserDict
from collections.abc import Sequence

import dkim
from dkim.canonicalization import CanonicalizationPolicy
from dkim.util import parse_tag_value

_CUT = {"b", "bh"}  # new at every run
_WIDTH = 76  # of what is shown, in characters


class Signature(UserDict[str, str]):
    """The tags of a signature, in order; the two hashes are cut to ``...``."""

    @property
    def short(self) -> str:
        """The tags in a line, the list of headers cut too."""
        return "; ".join(f"{name}={'...' if name == 'h' else value}" for name, value in self.items())

    def __repr__(self) -> str:
        return "\n".join(
            textwrap.fill(
                value.replace(":", ": "),
                _WIDTH,
                initial_indent=f"{name + '=':<4}",
                subsequent_indent=" " * 4,
                break_on_hyphens=False,
            )
            for name, value in self.items()
        )


def read_signature(header: bytes) -> Signature:
    """Return the tags of a DKIM-Signature header."""
    tags = parse_tag_value(header.partition(b":")[2])
    return Signature(
        {
            name.decode(): "..." if name.decode() in _CUT else b"".join(value.split()).decode()
            for name, value in tags.items()
        }
    )


def hashed(message: bytes, canonicalization: str, names: Sequence[str]) -> tuple[str, str]:
    """Return what is hashed of some headers of a message, and of its body."""
    policy = CanonicalizationPolicy.from_c_value(canonicalization.encode())
    headers, body = dkim.rfc822_parse(message)
    wanted = {name.lower().encode() for name in names}
    lines = [name + b":" + value for name, value in policy.canonicalize_headers(headers) if name.lower() in wanted]
    return b"".join(lines).decode("utf-8", "replace"), policy.canonicalize_body(body).decode("utf-8", "replace")


def sign(message: bytes, selector: str, domain: str, pem: str, *, names: Sequence[str], canonicalization: str) -> bytes:
    """Return a DKIM-Signature header for a message, with its line end.

    Args:
        names: the headers to sign (``h=``).
        canonicalization: for the headers and for the body: ``relaxed/simple``.

    Raises:
        dkim.DKIMException: there is no such canonicalization.
    """
    ways = tuple(canonicalization.encode().split(b"/"))
    signed: bytes = _Signer(message, signature_algorithm=b"rsa-sha256").sign(
        selector.encode(), domain.encode(), pem.encode(), canonicalize=ways, include_headers=list(names)
    )
    return signed


class _Signer(dkim.DKIM):  # type: ignore[misc]  # dkimpy ships no types
    """dkimpy's signer without ``t=``, for which it would read the machine's clock rather than the lab's."""

    def gen_header(
        self,
        fields: list[tuple[bytes, bytes]],
        include_headers: Sequence[bytes],
        canon_policy: CanonicalizationPolicy,
        header_name: bytes,
        pk: object,
        standardize: bool = False,  # noqa: FBT001, FBT002  # the library's own signature
    ) -> bytes:
        timeless = [one for one in fields if one[0] != b"t"]
        made: bytes = super().gen_header(timeless, include_headers, canon_policy, header_name, pk, standardize)
        return made
