"""Contexts, errors and samples: what the rest of the package stands on."""

from __future__ import annotations

import threading
import warnings
from typing import Any, Callable, Optional, Sequence, Type

import numpy as np
import numpy.typing as npt

from ._native import ffi, lib

Array = npt.NDArray[Any]


class Error(Exception):
    """A call of the library failed; the text is the library's own sentence.

    Attributes
    ----------
    path : str
        The option that is to blame, such as ``"train.batch"``; empty if none is.
    """

    def __init__(self, sentence: str, path: str = "") -> None:
        super().__init__(sentence)
        self.path = path

    def __reduce__(self) -> Any:
        return type(self), (str(self), self.path)


class ArgumentError(Error, ValueError):
    """An argument is out of its range."""


class ShapeError(Error, ValueError):
    """Shapes do not fit each other."""


class StateError(Error, RuntimeError):
    """The object is not ready for this call."""


class OutOfMemoryError(Error, MemoryError):
    """No memory is left."""


class NotFiniteError(Error, ValueError):
    """A number is not finite."""


class FormatError(Error, ValueError):
    """Bytes or texts are no valid file or configuration."""


class FileError(Error, OSError):
    """Reading or writing a file failed."""


class ConversionWarning(UserWarning):
    """Samples were converted to a type that the library takes, which is a copy."""


class DataWarning(UserWarning):
    """Samples that can be used, but are hardly meant to be as they are."""


_ERRORS: dict[int, Type[Error]] = {
    lib.PLN_ERR_ARG: ArgumentError,
    lib.PLN_ERR_SHAPE: ShapeError,
    lib.PLN_ERR_STATE: StateError,
    lib.PLN_ERR_MEMORY: OutOfMemoryError,
    lib.PLN_ERR_NAN: NotFiniteError,
    lib.PLN_ERR_FORMAT: FormatError,
    lib.PLN_ERR_IO: FileError,
}


def text(pointer: Any) -> str:
    """A text of the library, "" for NULL."""
    return "" if pointer == ffi.NULL else ffi.string(pointer).decode("utf-8", "replace")


class Handle:
    """What the library has made and is to free: after its last user, and before what it needs.

    Users are counted here, since a cycle of Python's objects is collected in any order.
    """

    def __init__(self, pointer: Any, free: Callable[[Any], None], needs: Sequence["Handle"] = (), keep: Any = None) -> None:
        self.pointer = pointer
        self._free = free
        self._needs = needs
        self._keep = keep
        self._users = 1
        self._open = True
        for need in needs:
            need._users += 1

    def close(self) -> None:
        """Gives up this use of it; nothing if that was done before."""
        if self._open:
            self._open = False
            self._drop()

    def _drop(self) -> None:
        self._users -= 1
        if self._users == 0:
            self._free(self.pointer)
            for need in self._needs:
                need._drop()

    def __del__(self) -> None:
        if hasattr(self, "_open"):
            self.close()


def _raw(argument: Any) -> Any:
    return argument.pointer if isinstance(argument, Handle) else ffi.NULL if argument is None else argument


class Context(Handle):
    """What calls share: threads, memory, the last error.  `lock` is held while it works."""

    def __init__(self, threads: int = 0) -> None:
        options = ffi.new("pln_ctx_options *", lib.pln_ctx_options_default())
        options.threads = threads
        pointer = lib.pln_ctx_new(options)
        if pointer == ffi.NULL:
            raise ArgumentError(f"there is no context of {threads} threads; they must be 0..256, 0 for all processors")
        super().__init__(pointer, lib.pln_ctx_free)
        self.lock = threading.RLock()

    def call(self, function: Callable[..., int], *arguments: Any) -> None:
        """Calls with the pointers of handles, NULL for None; raises the error if it does not return PLN_OK."""
        status = function(*[_raw(argument) for argument in arguments])
        if status != lib.PLN_OK:
            raise _ERRORS[status](text(lib.pln_error(self.pointer)), text(lib.pln_error_path(self.pointer)))

    def make(self, kind: str, free: Callable[[Any], None], function: Callable[..., int], *arguments: Any, needs: Sequence[Handle] = ()) -> Handle:
        """What such a call leaves at its last argument; it needs the handles among the arguments, and more."""
        out = ffi.new(kind + " **")
        self.call(function, *arguments, out)
        return Handle(out[0], free, [self, *(a for a in arguments if isinstance(a, Handle)), *needs], arguments)


def address(array: Array, kind: str) -> Any:
    """The memory of an array, without a copy; it lives as long as the result does."""
    return ffi.from_buffer(kind + "[]", array)


def as_array(values: Any) -> Array:
    """As an array of NumPy, by DLPack where that is offered: without a copy if they lie in memory of the CPU."""
    if isinstance(values, np.ndarray) or not hasattr(values, "__dlpack__") or not hasattr(np, "from_dlpack"):
        return np.asarray(values)
    return np.asarray(np.from_dlpack(values))


def as_samples(X: Any, quiet: bool = False) -> Array:
    """X as the library takes it: uint8 or float32 in C order, itself if it is so already.

    Other integers and booleans become bytes as those of .npy files do, floats become float32; a
    `ConversionWarning` says so unless `quiet`.
    """
    X = as_array(X)
    if X.ndim < 2 or X.ndim > 5:
        raise ShapeError(f"samples have {X.ndim} dimensions; there must be 2..5, [sample] first: X.reshape(1, -1) is one sample of values")
    before = X.dtype
    if before == np.bool_:
        X = X.astype(np.uint8) * np.uint8(255)
    elif before.kind in "iu" and before != np.uint8:
        if X.size and (X.min() < 0 or X.max() > 255):
            raise ArgumentError(f"samples of type {before} are from {X.min()} to {X.max()}; integers are taken as bytes, which are 0..255: "
                                "X.astype(numpy.float32) is taken as it is")
        X = X.astype(np.uint8)
    elif before.kind == "f" and before.newbyteorder("=") != np.float32:
        X = X.astype(np.float32)
    elif before.kind not in "iuf":
        raise ArgumentError(f"samples are of type {before}; they must be numbers")
    if X.dtype != before and not quiet:
        warnings.warn(f"samples of type {before} were converted to {X.dtype}, a copy of {X.nbytes / 1e6:.3g} MB", ConversionWarning, stacklevel=4)
    if not X.dtype.isnative:
        X = X.astype(X.dtype.newbyteorder("="))
    return np.ascontiguousarray(X)


def as_labels(y: Any, count: int) -> Array:
    """Labels as the library takes them: int32, -1 for none."""
    y = as_array(y)
    if y.shape != (count,):
        raise ShapeError(f"labels have the shape {y.shape}; there must be one for each of {count} samples")
    if y.dtype.kind not in "iub":
        raise ArgumentError(f"labels are of type {y.dtype}; they must be integers from 0 on, and -1 for samples without one")
    if y.size and (y.min() < -1 or y.max() >= lib.PLN_MAX_CLASSES):
        raise ArgumentError(f"labels are from {y.min()} to {y.max()}; they must be -1..{lib.PLN_MAX_CLASSES - 1}")
    return np.ascontiguousarray(y, dtype=np.int32)


class Data:
    """Samples that the library sees where they lie in memory of NumPy."""

    def __init__(self, context: Context, X: Any, y: Any = None, quiet: bool = False) -> None:
        self.X = as_samples(X, quiet)
        self.y: Optional[Array] = None if y is None else as_labels(y, len(self.X))
        bytes_ = self.X.dtype == np.uint8
        shape = ffi.new("int[]", self.X.shape[1:])
        self.handle = context.make(
            "pln_data", lib.pln_data_free, lib.pln_data_bind if bytes_ else lib.pln_data_bind_floats, context,
            address(self.X, "uint8_t" if bytes_ else "float"), len(self.X), self.X.ndim - 1, shape,
            None if self.y is None else address(self.y, "int32_t"))

    def __len__(self) -> int:
        return len(self.X)

    def remark(self, stacklevel: int) -> None:
        """Warns of what is hardly meant."""
        line, n = ffi.new("char[512]"), 0
        while lib.pln_data_remark(self.handle.pointer, n, line, 512):
            warnings.warn(text(line), DataWarning, stacklevel=stacklevel + 1)
            n += 1
