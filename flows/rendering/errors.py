"""What can go wrong while rendering, said so that a person can act on it."""

from config.errors import YardstickError


class RenderError(YardstickError):
    """A report could not be turned into a document: a fault of a template, a font or ours, exit status 70."""
