"""Long computations in processes of their own, so that turns do not wait: training and tests."""
