"""Control charts: what is natural variation in a series of months, and what is a signal; plain and adjusted.

Does not belong here: lasting changes (`transforms.change`), small numbers (`transforms.small`), words for a reader.
"""
