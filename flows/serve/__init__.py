"""`yardstick serve`: a Prefect server with the monthly schedule, and deployments that analysts start from its pages.

`entry_points` has the flows (a work pool of another Prefect server uses the same), `waiting` what is done while
extracts are late, `notices` how the operator is told of a failure, `deployments` what Prefect knows of the flows,
`server` the server of our own and `service` the whole. Does not belong here: the order of a month's stages.
"""
