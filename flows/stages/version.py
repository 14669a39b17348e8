"""The version, alone in a file so that `yardstick --version` reads nothing else."""

VERSION = "0.1.0"
