"""The stages of a month: each takes what the one before wrote and writes something a person can open.

They join the concerns (sources, checks, engines, rendering, state) with the pure transforms. Their order is written
once, in `flows.monthly`. Does not belong here: Prefect, and any calculation.
"""
