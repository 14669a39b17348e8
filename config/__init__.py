"""The shape of a company's configuration: typed models, one loader, and the demo company's files.

Belongs here: models, their validation, the loader and its messages, what a month is, and the typed errors.
Does not belong here: reading extracts, calculations, anything that imports `transforms` or `flows`.
"""
