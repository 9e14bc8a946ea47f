"""`python -m stackwright` is `stack`."""

import sys

from stackwright.app import main

if __name__ == "__main__":
    sys.exit(main())
