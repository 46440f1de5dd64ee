"""What a pickle may name: modules and functions that reach the machine, and those that models are made of."""

from _compat_pickle import IMPORT_MAPPING
from collections.abc import Iterable
from typing import Literal

Verdict = Literal["danger", "code", "ordinary", "unknown"]


def words(text: str) -> frozenset[str]:
    """Names that stand apart by blanks."""
    return frozenset(text.split())


DANGEROUS_MODULES = words(
    """
    os posix nt posixpath ntpath sys subprocess _posixsubprocess commands popen2 pty tty signal resource
    shutil tempfile glob fileinput mmap fcntl termios
    importlib _frozen_importlib _frozen_importlib_external imp zipimport pkgutil pkg_resources runpy site
    code codeop pdb bdb trace profile cProfile timeit doctest pydoc test unittest idlelib lib2to3 distutils
    setuptools pip ensurepip venv
    socket _socket ssl _ssl http httplib urllib urllib2 urllib3 ftplib smtplib poplib imaplib nntplib
    telnetlib xmlrpc socketserver requests httpx aiohttp paramiko boto3 asyncio select selectors
    ctypes _ctypes cffi _cffi_backend multiprocessing concurrent threading _thread
    pickle _pickle cPickle pickletools dill marshal shelve dbm shlex copyreg _compat_pickle
    webbrowser antigravity turtle tkinter sqlite3 gc inspect dis linecache platform uuid getpass
    tarfile zipfile bz2 lzma gzip py_compile compileall readline rlcompleter curses
    _osx_support _aix_support _pyrepl winreg _winreg _winapi msvcrt
    numpy.f2py numpy.testing numpy.distutils numpy.ctypeslib numpy.lib
    pandas.io pandas.core.computation pandas.util scipy.io scipy.datasets sklearn.datasets
    torch.hub torch.jit torch.package torch.serialization torch.utils torch.distributed torch.multiprocessing
    torch._dynamo torch._inductor torch.fx torch.onnx tensorflow keras tf_keras
    mlflow IPython jupyter_client ray dask distributed celery django flask fsspec s3fs sqlalchemy
    """
)
"""These, and all that is below them."""

MODULES = frozenset(module for module in DANGEROUS_MODULES if "." not in module) | {"builtins", "io"}

DANGEROUS_NAMES: dict[str, frozenset[str]] = {
    "builtins": words(
        "eval exec compile open __import__ getattr setattr delattr globals locals vars input breakpoint help "
        "exit quit print super memoryview"
    ),
    "io": frozenset(["open", "open_code", "FileIO", "OpenWrapper"]),
    "codecs": frozenset(["open", "EncodedFile"]),
    "operator": frozenset(["attrgetter", "methodcaller", "itemgetter", "call"]),
    "functools": frozenset(["partial", "reduce", "partialmethod", "singledispatch"]),
    "types": frozenset(["CodeType", "FunctionType", "LambdaType", "ModuleType", "MethodType"]),
    "logging": frozenset(["FileHandler", "Handler", "basicConfig"]),
    "numpy": words(
        "load save savez loadtxt genfromtxt fromfile memmap fromregex DataSource savetxt apply_along_axis "
        "vectorize fromfunction frompyfunc piecewise"
    ),
    "pandas": words("eval read_pickle read_csv read_sql read_html ExcelFile HDFStore"),
    "joblib": words("load dump Memory Parallel"),
    "joblib.numpy_pickle": words("load dump read"),
    "torch": words("load save compile"),
    "xgboost": frozenset(["collective", "dask", "spark"]),
}
CODE_MAKERS: dict[str, frozenset[str]] = {
    "cloudpickle.cloudpickle": words(
        "_make_function _make_skel_func _builtin_type _make_skeleton_class _make_skeleton_enum "
        "_class_setstate _function_setstate _fill_function subimport dynamic_subimport _make_cell "
        "_make_empty_cell _make_typevar instance"
    ),
    "cloudpickle.cloudpickle_fast": words("_make_function _function_setstate _class_setstate"),
    "dill._dill": words("_create_function _create_code _create_type _import_module"),
}
ORDINARY_PREFIXES = ("sklearn", "numpy", "scipy", "pandas", "xgboost", "lightgbm", "catboost")
"""Of these, the classes (names in capitals) and what is listed below."""

ORDINARY_NAMES: dict[str, frozenset[str]] = {
    "builtins": words(
        "set frozenset list dict tuple int float complex bool str bytes bytearray object slice range "
        "NoneType type Ellipsis"
    ),
    "collections": words("OrderedDict defaultdict Counter deque"),
    "datetime": words("date datetime time timedelta timezone"),
    "decimal": frozenset(["Decimal"]),
    "fractions": frozenset(["Fraction"]),
    "copy_reg": frozenset(["_reconstructor"]),
    "copyreg": frozenset(["_reconstructor", "__newobj__"]),
    "codecs": frozenset(["encode", "lookup"]),
    "joblib.numpy_pickle": frozenset(["NumpyArrayWrapper", "NDArrayWrapper", "ZNDArrayWrapper"]),
    "numpy": words("ndarray dtype core generic bool_ number matrix"),
    "numpy.random._pickle": words(
        "__randomstate_ctor __bit_generator_ctor __generator_ctor _randomstate_ctor _bit_generator_ctor"
    ),
    "torch._utils": words("_rebuild_tensor _rebuild_tensor_v2 _rebuild_parameter _rebuild_qtensor"),
    "torch": words("Size device dtype Tensor"),
}
ARRAY_MAKERS = words("_reconstruct scalar _frombuffer")
ARRAY_MODULES = frozenset(
    ["numpy.core.multiarray", "numpy._core.multiarray", "numpy.core.numeric", "numpy._core.numeric"]
)
CYTHON = ("__pyx_unpickle_", "newObj")
TABLE_MAKERS = words("_unpickle_block _new_Index new_Index _unpickle_recarray __unpickle_cython")
SAME = {f"_{name}": name for name in ("io", "operator", "codecs", "functools", "collections")}
SAME |= {old: new.split(".")[0] for old, new in IMPORT_MAPPING.items()}
"""What C modules and Python 2 call them; pickles of old protocols are translated so."""


def judge(module: str, name: str) -> Verdict:
    """What naming `module.name` in a pickle means.

    danger: it reaches the machine, or makes any name reachable. code: it builds functions out of bytes in the file.
    """
    module = SAME.get(module, module)
    if name in CODE_MAKERS.get(module, ()):
        return "code"
    if name in ORDINARY_NAMES.get(module, ()):
        return "ordinary"
    steps = name.split(".")  # a dotted name walks attributes: os.system of sklearn.utils is os.system
    if _is_dunder(steps) or steps[0] in DANGEROUS_NAMES.get(module, ()) or _listed(module, DANGEROUS_MODULES):
        return "danger"
    if _listed(f"{module}.{steps[0]}", DANGEROUS_MODULES) or (steps[1:] and MODULES.intersection(steps)):
        return "danger"
    return "ordinary" if not steps[1:] and _is_model_part(module, name) else "unknown"


def _is_dunder(steps: Iterable[str]) -> bool:
    """__import__, __reduce__, __globals__ of whatever it is."""
    return any(step.startswith("__") and step.endswith("__") for step in steps)


def _is_model_part(module: str, name: str) -> bool:
    """Classes of the usual libraries, and the few functions with which they restore themselves."""
    if not _listed(module, ORDINARY_PREFIXES):
        return bool(module == "torch" and name.endswith("Storage"))
    if name.startswith(CYTHON) or name in TABLE_MAKERS or (module in ARRAY_MODULES and name in ARRAY_MAKERS):
        return True
    if module in {"numpy", "numpy.dtypes"} and name in SCALARS:
        return True
    return name.lstrip("_")[:1].isupper() or (module, name) in SPARSE


SCALARS = words(
    "float16 float32 float64 longdouble int8 int16 int32 int64 uint8 uint16 uint32 uint64 str_ bytes_ "
    "object_ datetime64 timedelta64 bool complex64 complex128 log1p expm1 log log2 log10 sqrt exp abs absolute "
    "square sign sin cos tanh"
)
SPARSE = frozenset(
    (module, f"{kind}_{shape}")
    for kind in ("csr", "csc", "coo", "bsr", "dia", "dok", "lil")
    for shape in ("matrix", "array")
    for module in ("scipy.sparse", f"scipy.sparse._{kind}", f"scipy.sparse.{kind}")
)


def _listed(module: str, modules: Iterable[str]) -> bool:
    """The module or one above it is in the list."""
    known = frozenset(modules)
    parts = module.split(".")
    return any(".".join(parts[:end]) in known for end in range(1, len(parts) + 1))
