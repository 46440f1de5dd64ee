"""The machine that follows a pickle: a stack and a memo of what things would be, and nothing that is."""

import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO, Any, cast

from evaluations.sandbox.scan.names import words
from evaluations.sandbox.scan.stream import Buffer, Stream

MOST_STEPS = 5_000_000
LONGEST_TEXT = 4_096
MOST_ITEMS = 64
MOST_NAMES = 2_000
ARRAY_WRAPPER = ("joblib.numpy_pickle", "NumpyArrayWrapper")
BYTES = frozenset(["BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"])
TEXT = words("STRING BINSTRING SHORT_BINSTRING UNICODE SHORT_BINUNICODE BINUNICODE BINUNICODE8")
NUMBERS = words("INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT")
EMPTY = {"EMPTY_TUPLE", "EMPTY_LIST", "EMPTY_DICT", "EMPTY_SET"}
TO_MARK = {"TUPLE": 0, "LIST": 0, "DICT": 0, "FROZENSET": 0, "APPENDS": 1, "SETITEMS": 1, "ADDITEMS": 1}
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}


class Broken(Exception):
    """The instructions make no sense from here on; the text says why."""


@dataclass(frozen=True, slots=True)
class Named:
    """A module's name that the pickle asks for."""

    module: str
    name: str


@dataclass(slots=True)
class Made:
    """What calling something would make."""

    by: Any
    given: Any
    state: Any = None


@dataclass(slots=True)
class Several:
    """The first items of a tuple, list, set or dictionary (keys and values in turn)."""

    items: list[Any] = field(default_factory=list)


class Mark:
    """Where a run of items begins."""


MARK, UNKNOWN = Mark(), object()


@dataclass
class Pickle:
    """The names that one stream of pickles asks for, and how far it could be followed."""

    names: dict[tuple[str, str], None] = field(default_factory=dict)
    called: set[tuple[str, str]] = field(default_factory=set)
    computed: int = 0  # names that are not written in the file
    registered: int = 0  # extension codes and references that somebody else resolves
    nested: list[bytes] = field(default_factory=list)
    code_uses: dict[str, None] = field(default_factory=dict)
    arrays: int = 0
    pickles: int = 0
    steps: int = 0
    broken: str = ""


class Machine:
    """One pickle's stack and memo."""

    def __init__(self, found: Pickle, stream: Stream, *, joblib: bool) -> None:
        self.found, self.stream, self.joblib = found, stream, joblib
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.frame_end = 0

    def run(self) -> None:
        """Until STOP; raises where it cannot go on."""
        for operation, argument, _ in pickletools.genops(cast(IO[bytes], self.stream)):
            self.found.steps += 1
            if self.found.steps > MOST_STEPS:
                raise Broken(f"it has more than {MOST_STEPS:,} instructions")
            self.step(operation.name, argument)

    def top(self) -> Any:
        """What the pickle makes."""
        return self.stack[-1] if self.stack else None

    def step(self, name: str, argument: Any) -> None:
        """Do what the instruction would do to the stack."""
        if name in TEXT:
            self.stack.append(argument if len(argument) <= LONGEST_TEXT else UNKNOWN)
        elif name in NUMBERS:
            self.stack.append(argument)
        elif name in BYTES:
            self._bytes(argument)
        elif name in CONSTANTS:
            self.stack.append(CONSTANTS[name])
        elif name == "MARK":
            self.stack.append(MARK)
        elif name in EMPTY:
            self.stack.append(Several())
        elif name in TO_MARK:
            self._gather(name)
        else:
            if name not in STEPS:
                raise Broken(f"the instruction {name} is not known here")
            STEPS[name](self, argument)

    def _bytes(self, argument: Any) -> None:
        if looks_like_pickle(argument) and len(self.found.nested) < MOST_ITEMS:
            self.found.nested.append(bytes(argument))
        self.stack.append(UNKNOWN)

    def _gather(self, name: str) -> None:
        items = self._to_mark()
        if TO_MARK[name]:
            self._extend(self.stack[-1], items)
        else:
            self.stack.append(Several(items[:MOST_ITEMS]))

    def _to_mark(self) -> list[Any]:
        items = []
        while (item := self.stack.pop()) is not MARK:
            items.append(item)
        items.reverse()
        return items

    def _extend(self, kept: Any, items: list[Any]) -> None:
        if isinstance(kept, Several) and len(kept.items) < MOST_ITEMS:
            kept.items += items[: MOST_ITEMS - len(kept.items)]

    def _pop(self, _: Any) -> None:
        self.stack.pop()

    def _pop_mark(self, _: Any) -> None:
        self._to_mark()

    def _dup(self, _: Any) -> None:
        self.stack.append(self.stack[-1])

    def _tuple1(self, _: Any) -> None:
        self._tuple_of(1)

    def _tuple2(self, _: Any) -> None:
        self._tuple_of(2)

    def _tuple3(self, _: Any) -> None:
        self._tuple_of(3)

    def _tuple_of(self, count: int) -> None:
        items = [self.stack.pop() for _ in range(count)]
        self.stack.append(Several(items[::-1]))

    def _append(self, _: Any) -> None:
        item = self.stack.pop()
        self._extend(self.stack[-1], [item])

    def _setitem(self, _: Any) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._extend(self.stack[-1], [key, value])

    def _put(self, argument: Any) -> None:
        self.memo[int(argument)] = self.stack[-1]

    def _memoize(self, _: Any) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def _get(self, argument: Any) -> None:
        self.stack.append(self.memo[int(argument)])

    def _global(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        self._name(module, name)

    def _stack_global(self, _: Any) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        if isinstance(name, str) and isinstance(module, str):
            self._name(module, name)
        elif may_be_text(name) and may_be_text(module):
            self.found.computed += 1
            self.stack.append(UNKNOWN)
        else:
            raise Broken("it asks for a name that is no text")

    def _name(self, module: str, name: str) -> None:
        if len(self.found.names) >= MOST_NAMES:
            raise Broken(f"it asks for more than {MOST_NAMES:,} names")
        self.found.names[module, name] = None
        self.stack.append(Named(module, name))

    def _inst(self, argument: str) -> None:
        items = self._to_mark()
        self._global(argument)
        self._call(self.stack.pop(), Several(items[:MOST_ITEMS]))

    def _obj(self, _: Any) -> None:
        maker, *items = self._to_mark()
        self._call(maker, Several(items[:MOST_ITEMS]))

    def _reduce(self, _: Any) -> None:
        given, maker = self.stack.pop(), self.stack.pop()
        self._call(maker, given)

    def _newobj_ex(self, _: Any) -> None:
        self.stack.pop()
        self._reduce(_)

    def _call(self, maker: Any, given: Any) -> None:
        if isinstance(maker, Named):
            self.found.called.add((maker.module, maker.name))
        if is_code_type(maker) and isinstance(given, Several):
            self._note_code(given)
        self.stack.append(Made(maker, given))

    def _note_code(self, given: Several) -> None:
        """The names that pickled bytecode uses stand in its arguments as tuples of texts."""
        for item in given.items:
            if isinstance(item, Several):
                for inner in item.items:
                    if isinstance(inner, str) and inner.isidentifier():
                        self.found.code_uses.setdefault(inner)

    def _build(self, _: Any) -> None:
        state = self.stack.pop()
        made = self.stack[-1]
        if isinstance(made, Made):
            made.state = state
            if self.joblib and isinstance(made.by, Named) and (made.by.module, made.by.name) == ARRAY_WRAPPER:
                self._step_over_array(state)

    def _step_over_array(self, state: Any) -> None:
        """joblib writes an array's numbers right behind its description."""
        if self.stream.tell() < self.frame_end:
            raise Broken("an array stands where joblib would not look for it")
        self.found.arrays += 1
        known = pairs(state)
        size = array_size(known)
        if size is None:
            raise Broken("the size of an array in it is not known")
        if size >= 0:
            if known.get("numpy_array_alignment_bytes") is not None:
                padding = self.stream.read(1)
                self.stream.read(padding[0] if padding else 0)
            if size > self.stream.left:
                raise Broken("it breaks off in an array")
            self.stream.skip(size)
            return
        inner = Machine(self.found, self.stream, joblib=False)  # an array of objects is a pickle of its own
        inner.run()
        self.frame_end = 0

    def _frame(self, argument: int) -> None:
        self.frame_end = self.stream.tell() + argument

    def _nothing(self, _: Any) -> None:
        """Says nothing about what it does."""

    def _extension(self, _: Any) -> None:
        self.found.registered += 1
        self.stack.append(UNKNOWN)

    def _outside(self, _: Any) -> None:
        self.stack.append(UNKNOWN)

    def _outside_by(self, _: Any) -> None:
        self.stack.pop()
        self.stack.append(UNKNOWN)


def is_code_type(maker: Any) -> bool:
    """Python's type of bytecode, by its name or as cloudpickle asks for it."""
    if isinstance(maker, Named):
        return maker.name == "CodeType"
    return (
        isinstance(maker, Made) and isinstance(maker.given, Several) and "CodeType" in maker.given.items[:1]
    )


def may_be_text(value: Any) -> bool:
    """Whether it could be a text when the pickle is loaded. Python takes no subclass of str for a name."""
    if isinstance(value, Made):
        return not (isinstance(value.by, Named) and value.by.name[:1].isupper())
    return isinstance(value, str) or value is UNKNOWN


def pairs(state: Any) -> dict[str, Any]:
    """A dictionary's text keys with their values."""
    items = state.items if isinstance(state, Several) else []
    return {key: value for key, value in zip(items[::2], items[1::2], strict=False) if isinstance(key, str)}


def array_size(known: dict[str, Any]) -> int | None:
    """Bytes of the array that joblib describes; -1 for one of objects, None where it cannot be told."""
    shape, kind = known.get("shape"), known.get("dtype")
    if not isinstance(shape, Several) or not isinstance(kind, Made) or not isinstance(kind.given, Several):
        return None
    code = kind.given.items[0] if kind.given.items else None
    if not isinstance(code, str) or not all(isinstance(side, int) and side >= 0 for side in shape.items):
        return None
    state = kind.state.items if isinstance(kind.state, Several) else []
    has_objects = code.lstrip("<>|=")[:1] == "O" or (
        len(state) > 7 and isinstance(state[7], int) and state[7] & 1
    )
    if has_objects:
        return -1
    width = (
        state[5] if len(state) > 5 and isinstance(state[5], int) and state[5] > 0 else code.lstrip("<>|=")[1:]
    )
    if isinstance(width, str) and not width.isdigit():
        return None
    size = int(width)
    for side in shape.items:
        size *= side
    return size


def looks_like_pickle(head: Buffer) -> bool:
    """By its first bytes: protocol 2 and later say so."""
    first = bytes(head[:2])
    return len(first) == 2 and first[0] == 0x80 and first[1] <= 5


STEPS: Mapping[str, Callable[[Machine, Any], None]] = {
    "POP": Machine._pop,
    "POP_MARK": Machine._pop_mark,
    "DUP": Machine._dup,
    "TUPLE1": Machine._tuple1,
    "TUPLE2": Machine._tuple2,
    "TUPLE3": Machine._tuple3,
    "APPEND": Machine._append,
    "SETITEM": Machine._setitem,
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), Machine._put),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), Machine._get),
    "MEMOIZE": Machine._memoize,
    "GLOBAL": Machine._global,
    "STACK_GLOBAL": Machine._stack_global,
    "INST": Machine._inst,
    "OBJ": Machine._obj,
    **dict.fromkeys(("REDUCE", "NEWOBJ"), Machine._reduce),
    "NEWOBJ_EX": Machine._newobj_ex,
    "BUILD": Machine._build,
    "FRAME": Machine._frame,
    **dict.fromkeys(("PROTO", "STOP", "READONLY_BUFFER"), Machine._nothing),
    **dict.fromkeys(("EXT1", "EXT2", "EXT4"), Machine._extension),
    **dict.fromkeys(("PERSID", "NEXT_BUFFER"), Machine._outside),
    "BINPERSID": Machine._outside_by,
}
"""Instruction → what it does to stack and memo; the others stand in TEXT, NUMBERS, BYTES and so on."""
