"""`python -m rasa_core.test`: what `rasa_core.evaluate` is called since 0.14."""

import sys

from rasa_core.evaluate import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], "rasa_core.test"))
