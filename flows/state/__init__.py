"""What is kept: the paths of everything under the state root, the newest facts, and the editions.

Does not belong here: how landings, checked rows, facts or reports come about.
"""
