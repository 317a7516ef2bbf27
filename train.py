"""Train FinalNet and write a checkpoint: python train.py"""

import sys

from finalnet.__main__ import main

if __name__ == "__main__":
    main(["train", *sys.argv[1:]])
