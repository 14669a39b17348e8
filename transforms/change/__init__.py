"""When a series' level or trend lastingly shifted, whether one unit or everyone, and what a total's change is made of.

Does not belong here: what a person decides about it (re-basing), sentences, and which units are looked at.
"""
