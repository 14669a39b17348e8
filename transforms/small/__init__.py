"""Small numbers: intervals, shrinkage, limits, whether people differ at all, and who may be called above or below.

Does not belong here: control charts (`transforms.signals`), lasting changes (`transforms.change`), words for a reader.
"""
