"""What the data shows of each unit's metrics beside the comparison: signals, lasting changes, the same action again.

Reads the control charts of `transforms.signals`, the detector of `transforms.change` and decisions of the company, and
writes the frames SIGNALS, CHARTS, CHANGES and REPEATED. Does not belong here: statuses, and how any of it is worded.
"""
