"""Reads a pickle without running it: a machine follows the instructions and only notes what they would do.

Nothing is imported, built or called. Strings are followed through stack and memo, so that a name that is put
together from parts (STACK_GLOBAL out of the memo) is still seen.
"""

from evaluations.sandbox.scan.finding import Report, shown
from evaluations.sandbox.scan.machine import Broken, Machine, Pickle
from evaluations.sandbox.scan.names import judge
from evaluations.sandbox.scan.stream import Buffer, Stream

DEEPEST_PICKLE = 3
MOST_USES = 12
TORCH_MAGIC = 0x1950A86A20F9469CFC6C
TORCH_PICKLES = 5  # magic, protocol, system, object, keys; then raw numbers


def scan_pickle(data: Buffer, file: str, report: Report, *, depth: int = 0) -> bool:
    """Note what the pickles in `data` would do. False, and nothing noted, when it is no pickle at all."""
    found = follow(data)
    if not found.pickles and not found.names and not found.computed:
        return False
    report.pickles.append(file)
    _tell(found, file, report)
    if found.arrays:  # pickle.load takes for instructions what joblib.load takes for numbers
        other = follow(data, joblib=False)
        other.broken = ""
        _tell(other, file, report)
    for inner in found.nested:
        if depth < DEEPEST_PICKLE:
            scan_pickle(inner, f"{file}!bytes", report, depth=depth + 1)
        else:
            report.unread(file, "pickles are nested too deeply in it")
    return True


def follow(data: Buffer, *, joblib: bool = True) -> Pickle:
    """Follow all pickles that stand one behind the other. With `joblib`, arrays between them are stepped over."""
    found, stream, torch = Pickle(), Stream(data), False
    while stream.left:
        start = stream.tell()
        machine = Machine(found, stream, joblib=joblib)
        try:
            machine.run()
        except (Broken, ValueError, KeyError, IndexError, OverflowError, RecursionError) as error:
            if found.pickles and torch and found.pickles >= TORCH_PICKLES:
                break  # raw numbers follow, as they should
            why = str(error) if isinstance(error, Broken) else "it breaks off, or is no sound pickle"
            found.broken = f"{why} (at byte {stream.tell():,})"
            break
        found.pickles += 1
        torch = torch or machine.top() == TORCH_MAGIC
        if torch and found.pickles >= TORCH_PICKLES:
            break
        if stream.tell() == start:
            break
    return found


def _tell(found: Pickle, file: str, report: Report) -> None:
    makers = []
    for module, name in found.names:
        verdict, full = judge(module, name), shown(f"{module}.{name}")
        verb = "calls" if (module, name) in found.called else "names"
        if verdict == "danger":
            report.add("dangerous_name", "danger", file, f"It {verb} {full}, which reaches beyond the model.")
        elif verdict == "unknown":
            report.add(
                "unknown_name",
                "caution",
                file,
                f"It {verb} {full}, which is not among the known parts of models.",
            )
        elif verdict == "code":
            makers.append(full)
    if makers:
        uses = ", ".join(list(found.code_uses)[:MOST_USES])
        told = f" Names in that code: {uses}." if uses else ""
        said = f"It carries code of its own, made by {', '.join(makers[:MOST_USES])}.{told}"
        report.add("embedded_code", "danger", file, said)
    if found.computed:
        report.add(
            "computed_name", "danger", file, f"It computes {found.computed:,} of the names that it asks for."
        )
    if found.registered:
        report.add(
            "extension_code",
            "danger",
            file,
            "It asks for names by number, which only the reading machine knows.",
        )
    if found.broken:
        report.unread(file, f"its pickle cannot be followed to the end: {found.broken}")
