"""`python -m translations`."""

import sys

from translations import update

if __name__ == "__main__":
    sys.exit(update())
