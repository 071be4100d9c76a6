"""Records: many arrays and numbers under names, which a compiled kernel takes as one address.

numba would hand over a NamedTuple of 75 arrays as 500 arguments, from Python and from kernel to kernel: most of the
time of a short call, and of compiling it.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import fields
from functools import cached_property
from typing import Any, Final, cast

import numba as nb
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.extending import (
    NativeValue,
    infer_getattr,
    lower_getattr_generic,
    models,
    register_model,
    unbox,
)
from numba.core.typing.templates import AttributeTemplate
from numba.np.arrayobj import populate_array

_WORD: Final = ir.IntType(64)
_POINTER: Final = _WORD.as_pointer()


class Record:
    """The base of a frozen dataclass whose fields are ints, float32s, C-contiguous arrays and records.

    For kernels the fields never change; elements of the arrays do. Python's plain form of a kernel takes it as it is.
    """

    @cached_property
    def _numba_type_(self) -> "RecordType":
        """What numba asks for."""
        return RecordType(tuple((field.name, _type(self, field.name)) for field in fields(cast(Any, self))))

    @property
    def address(self) -> int:
        """Where a kernel finds the fields, as long as the record lives."""
        if "_table" not in vars(self):
            # int64: a number, the address of a record, or the address and the shape of an array.
            words = [word for field in fields(cast(Any, self)) for word in self._of(field.name)]
            table = np.array(words, np.int64)
            # Of threads that come here at once one keeps its table, so no address is of a table that has gone.
            vars(self).setdefault("_table", (table, table.ctypes.data))
        return int(vars(self)["_table"][1])

    def _of(self, name: str) -> Iterator[int]:
        value = getattr(self, name)
        if isinstance(value, np.ndarray):
            if not value.flags.c_contiguous:
                raise TypeError(f"{name} is not C-contiguous")
            yield value.ctypes.data
            yield from value.shape
        elif isinstance(value, np.float32):
            yield int(value.view(np.int32))
        else:
            yield value.address if isinstance(value, Record) else int(value)


class RecordType(types.Type):  # type: ignore[misc]
    """The type of a record in a kernel."""

    def __init__(self, members: tuple[tuple[str, Any], ...]) -> None:
        self.members = members
        # The name stands in the name of each function that takes a record, so it is short.
        told = ", ".join(f"{name}: {kind}" for name, kind in members)
        super().__init__(name=f"Record_{hashlib.sha256(told.encode()).hexdigest()[:16]}")


def _type(record: Record, name: str) -> Any:
    value = getattr(record, name)
    if isinstance(value, np.ndarray):
        return types.Array(nb.from_dtype(value.dtype), value.ndim, "C")
    if isinstance(value, np.float32):
        return types.float32
    return value._numba_type_ if isinstance(value, Record) else types.int64


@register_model(RecordType)
class _Model(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: RecordType) -> None:
        super().__init__(manager, kind, _POINTER)


@unbox(RecordType)
def _unbox(_kind: RecordType, value: Any, context: Any) -> Any:
    """Read the address. That runs Python's code, in which an interrupt may come up."""
    builder = context.builder
    address = cgutils.alloca_once_value(builder, ir.Constant(_WORD, 0))
    number = context.pyapi.object_getattr_string(value, "address")
    failed = cgutils.is_null(builder, number)
    with builder.if_then(builder.not_(failed)):
        builder.store(context.pyapi.long_as_longlong(number), address)
        context.pyapi.decref(number)
    return NativeValue(builder.inttoptr(builder.load(address), _POINTER), is_error=failed)


@infer_getattr
class _Attributes(AttributeTemplate):  # type: ignore[misc]
    key = RecordType

    def generic_resolve(self, kind: RecordType, name: str) -> Any:
        """The type of a field."""
        return dict(kind.members).get(name)


@lower_getattr_generic(RecordType)
def _lower(context: Any, builder: Any, kind: RecordType, record: Any, name: str) -> Any:
    """Load a field."""
    at, found = 0, None
    for member, found in kind.members:
        if member == name:
            break
        at += 1 + (found.ndim if isinstance(found, types.Array) else 0)
    unchanging = builder.module.add_metadata([])

    def load(offset: int) -> Any:
        word = builder.load(builder.gep(record, [ir.Constant(_WORD, at + offset)]))
        word.set_metadata("invariant.load", unchanging)  # or LLVM would load it again after each store
        return word

    if isinstance(found, types.Array):
        return _array(context, builder, found, load(0), [load(1 + n) for n in range(found.ndim)])
    if isinstance(found, RecordType):
        return builder.inttoptr(load(0), _POINTER)
    if found is types.float32:
        return builder.bitcast(builder.trunc(load(0), ir.IntType(32)), ir.FloatType())
    return load(0)


def _array(context: Any, builder: Any, kind: Any, address: Any, shape: list[Any]) -> Any:
    """A C-contiguous array of which nobody counts references: the record keeps it."""
    array = context.make_array(kind)(context, builder)
    size = ir.Constant(_WORD, context.get_abi_sizeof(context.get_data_type(kind.dtype)))
    strides = [size]
    for length in shape[:0:-1]:
        strides.insert(0, builder.mul(strides[0], length))
    data = builder.inttoptr(address, array.data.type)
    populate_array(array, data=data, shape=shape, strides=strides, itemsize=size, meminfo=None)
    return array._getvalue()
