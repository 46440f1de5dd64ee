"""Reads what an artifact says that it needs, as text: pip's requirements and the environments of conda and MLflow.

Nothing is looked up: no database of known vulnerabilities or withdrawn releases can be reached from here.
"""

import re

from evaluations.sandbox.scan.finding import Report, Requirement, shown
from evaluations.sandbox.scan.names import words

FILES = re.compile(r"(?:^|/)(?:requirements[\w.-]*\.txt|conda\.ya?ml|environment\.ya?ml|python_env\.ya?ml)$")
LINE = re.compile(r"^([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(.*)$")
EXACT = re.compile(r"^\(?\s*={2,3}\s*[^\s*,;]+\s*\)?(?:\s*;.*)?(?:\s*--hash=\S+)*\s*\\?$")
CONDA_EXACT = re.compile(r"^={1,2}\s*\d[\w.+!-]*(?:=[\w*]+)?$")
ADDRESS = re.compile(r"git\+|hg\+|svn\+|bzr\+|https?://|ftp://|file:|^-e\b|^--editable|\s@\s", re.IGNORECASE)
INDEX = re.compile(r"^--?(?:i|index-url|extra-index-url|find-links|f|trusted-host)\b", re.IGNORECASE)
PYTHON = re.compile(r"^(?:python)\s*[:=]+\s*['\"]?(\d+)\.(\d+)")
MOST_LINES = 5_000

ENDED = {(3, minor) for minor in range(11)}
"""Python versions without security fixes on 2026-11-01 (devguide.python.org/versions): 3.10 and before."""

POPULAR = words(
    """
    numpy pandas scipy scikit-learn xgboost lightgbm catboost torch torchvision tensorflow keras onnx onnxruntime
    mlflow joblib cloudpickle skops shap fairlearn statsmodels matplotlib seaborn plotly pillow requests urllib3
    certifi cryptography pyyaml jinja2 flask django fastapi pydantic sqlalchemy boto3 botocore pyarrow polars dask
    numba cython setuptools wheel packaging transformers tokenizers datasets safetensors huggingface-hub spacy nltk
    gensim opencv-python imbalanced-learn category-encoders feature-engine psutil tqdm click protobuf grpcio redis
    celery attrs six python-dateutil pytz idna charset-normalizer colorama
    """
)
OTHERS_NAMED_ALIKE = words("pandera torchaudio pytorch-lightning torchmetrics tensorboard kerastuner")
MISNOMERS = {
    "sklearn": "scikit-learn",
    "scikitlearn": "scikit-learn",
    "opencv": "opencv-python",
    "cv2": "opencv-python",
    "pil": "pillow",
    "yaml": "pyyaml",
    "dateutil": "python-dateutil",
    "pytorch": "torch",
}
"""Names of modules, not of the packages that hold them."""


def scan_requirements(text: str, file: str, report: Report) -> list[Requirement]:
    """Every requirement of a file; loose ones, ones from addresses and names that look like others are told."""
    if not FILES.search(file):
        return []
    found = []
    conda = file.endswith((".yaml", ".yml"))
    in_pip = not conda
    for raw in text.splitlines()[:MOST_LINES]:
        line = raw.split(" #")[0].strip()
        if version := PYTHON.match(line.removeprefix("- ")):
            _tell_python(int(version[1]), int(version[2]), file, report)
            continue
        if conda:
            if not line.startswith("- "):
                continue
            line = line[2:].strip().strip("'\"")
            if line.rstrip().endswith(":"):
                in_pip = True
                continue
        if requirement := _requirement(line, file, report, conda=conda and not in_pip):
            found.append(requirement)
    return found


def _requirement(line: str, file: str, report: Report, *, conda: bool) -> Requirement | None:
    if not line or line.startswith("#"):
        return None
    if INDEX.match(line):
        said = f"It names an index or place of its own to install from: {shown(line.split()[0])}."
        report.add("own_index", "caution", file, said)
        return None
    if ADDRESS.search(line):
        said = f"It installs from an address, past the package index: {shown(_without_secrets(line))}."
        report.add("from_address", "danger", file, said)
        return Requirement(file, shown(line[:60]), pinned=False)
    if line.startswith("-") or conda and line in {"pip", "defaults", "conda-forge"}:
        return None
    read = LINE.match(line)
    if read is None:
        report.unread(file, f"the line {shown(line[:60])} is no requirement")
        return None
    name, rest = re.sub(r"[-_.]+", "-", read[1]).lower(), read[2].strip()
    exact = bool((CONDA_EXACT if conda else EXACT).match(rest))
    if not exact:
        report.add("unpinned", "caution", file, f"{shown(name)} is not pinned to one version.")
    if like := looks_like(name):
        said = f"{shown(name)} looks like {like}, and is another package."
        report.add("lookalike", "danger", file, said)
    return Requirement(file, name, exact)


def looks_like(name: str) -> str:
    """The popular package that a name could be mistaken for; "" where there is none."""
    if name in POPULAR or name in OTHERS_NAMED_ALIKE:
        return ""
    if name in MISNOMERS:
        return MISNOMERS[name]
    for known in sorted(POPULAR):
        if name.replace("-", "") == known.replace("-", "") or (len(known) > 4 and _one_step(name, known)):
            return known
    return ""


def _one_step(first: str, second: str) -> bool:
    """One letter put in, left out, changed, or exchanged with its neighbour (Damerau 1964)."""
    if abs(len(first) - len(second)) > 1 or first == second:
        return False
    at = next((place for place, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), None)
    if at is None:
        return True
    a, b = first[at:], second[at:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def _tell_python(major: int, minor: int, file: str, report: Report) -> None:
    if (major, minor) in ENDED or major < 3:
        said = f"It asks for Python {major}.{minor}, which gets no security fixes any more."
        report.add("python_ended", "danger", file, said)


def _without_secrets(line: str) -> str:
    """An address may hold a password."""
    return re.sub(r"//[^/@\s]*@", "//", line)[:120]
