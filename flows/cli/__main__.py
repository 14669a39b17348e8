"""`python -m flows.cli`: the command where no script is installed.

In a folder that holds a stranger's flows.py say `python -P -m flows.cli`: -m looks there first.
"""

from flows.cli.main import main

main()
