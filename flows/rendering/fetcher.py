"""The only files a report may be made of: the bundled font faces and the report's own charts, all from memory.

Nothing comes from the network or from other files; whoever asks for it stops the rendering.
"""

from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from flows.rendering.fonts import FACES, face_bytes

FONT = "font:"


class OwnFetcher(URLFetcher):  # type: ignore[misc] # weasyprint is untyped
    """Answers `font:<face>` and `chart:<key>`; raises FatalURLFetchingError for every other address."""

    def __init__(self, charts: dict[str, bytes]) -> None:
        super().__init__(allowed_protocols=())
        self._charts = charts

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:  # noqa: ARG002
        """The bytes behind an address of our own."""
        if url.startswith(FONT) and url.removeprefix(FONT) in FACES:
            return URLFetcherResponse(url, face_bytes(url.removeprefix(FONT)), {"Content-Type": "font/ttf"})
        if url in self._charts:
            return URLFetcherResponse(url, self._charts[url], {"Content-Type": "image/svg+xml"})
        raise FatalURLFetchingError(f"“{url}” is not part of the report.")
