"""The charset that a page is really in, whatever its server says: UTF-8 wherever it can be read so."""

from scrapy.http import Request, Response, TextResponse


def as_written(response: Response) -> Response:
    """The response read as UTF-8 if its bytes are UTF-8: no other charset makes such bytes by chance."""
    if not isinstance(response, TextResponse) or response.encoding == "utf-8" or response.body.isascii():
        return response
    try:
        response.body.decode("utf-8")
    except UnicodeDecodeError:
        return response
    return response.replace(encoding="utf-8")


class TrueCharset:
    """Downloader middleware: pages come to the spider in the charset they are written in."""

    def process_response(self, request: Request, response: Response) -> Response:
        return as_written(response)
