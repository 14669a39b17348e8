"""Pure functions from frames to frames and from frames to the report model.

Belongs here: every calculation and every word of a report.
Does not belong here: a clock, a file, a network, a database, Prefect, markup.
"""
