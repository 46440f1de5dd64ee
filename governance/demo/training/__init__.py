"""Trains the demo portfolio on real data and logs it to MLflow. Runs as its own process, without Django."""

import os

# MLflow reads this while it is imported. A governance system does not report its use to anybody unasked.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
