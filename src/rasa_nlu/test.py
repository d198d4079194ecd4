"""`python -m rasa_nlu.test`: what `rasa_nlu.evaluate` is called since 0.15."""

import sys

from rasa_nlu.evaluate import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], "rasa_nlu.test"))
