"""As in the sandbox: what shap compiles takes longer than it saves."""

import os

os.environ.setdefault("NUMBA_DISABLE_JIT", "1")
