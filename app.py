"""Serve the page on which you draw a digit: python app.py"""

import sys

from finalnet.__main__ import main

if __name__ == "__main__":
    main(["app", *sys.argv[1:]])
