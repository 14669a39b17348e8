"""What is asked of an extract and what came of it: suites, readings, comparison over time. Pure.

Does not belong here: asking rows (`flows.checks`), and what is withheld where (`flows.engines`).
"""
