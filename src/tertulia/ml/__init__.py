"""Numerics: sparse rows, linear models, taggers, training loops. The only home of numpy.

Rule: models are small, so one thread per operation is fastest, and the order of sums, and with it
the model, does not depend on the number of cores. Whoever sets these variables decides otherwise.
"""

import os

# Read by the numeric libraries when numpy is first imported, which only happens below here.
for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
