"""Lists in pages: tags of an image, images of a repository.

In: everything, and which page is asked for. Out: an answer, with the address of the next page (OCI
Distribution Specification, Listing Tags; observed: the official CLI asks with `n` and `last`, and goes on
while there is a Link header). Pure.
"""

import re
from collections.abc import Sequence
from urllib.parse import quote, urlencode

from spcs_emulator.registry.errors import RegistryError
from spcs_emulator.wire.messages import Request, Response, json_response

_COUNT = re.compile(r"\d{1,9}")


def in_order(names: Sequence[str]) -> list[str]:
    """Sorted without regard to case, as the specification asks for."""
    return sorted(names, key=_rank)


def page(request: Request, field: str, names: Sequence[str], **more: str) -> Response:
    """The page of `names` that the request asks for with `n` and `last`, under the key `field` in JSON.
    RegistryError for an `n` that is no number.
    """
    count, last = request.first("n"), request.first("last")
    if count is not None and not _COUNT.fullmatch(count):
        raise RegistryError(400, "PAGINATION_NUMBER_INVALID", "invalid number of results requested", count)
    left = [name for name in in_order(names) if last is None or _rank(name) > _rank(last)]
    shown = left if count is None else left[: int(count)]
    answer = json_response({**more, field: shown})
    if not shown or len(shown) == len(left):
        return answer
    following = f"{quote(request.path, safe='/%')}?{urlencode({'n': count, 'last': shown[-1]})}"
    return Response(200, {**answer.headers, "Link": f'<{following}>; rel="next"'}, answer.body)


def _rank(name: str) -> tuple[str, str]:
    return name.lower(), name
