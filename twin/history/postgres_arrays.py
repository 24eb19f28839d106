"""PostgreSQL's arrays of numbers in its binary form, as Arrow.

An array begins with 20 bytes (one dimension, whether there are nulls, the type, how many, from where), and each element
is its length and its bytes. Without nulls all are of one length, and numpy reads them as they are; so what is null is
told by a number that nothing else is.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

HEAD = 20

SQL = {pa.int64(): "bigint", pa.int32(): "integer", pa.uint8(): "smallint", pa.float64(): "double precision"}
"""The type of an array's elements by Arrow's type."""
_ELEMENTS = {pa.int64(): ">i8", pa.int32(): ">i4", pa.uint8(): ">i2", pa.float64(): ">f8"}
NONE = {pa.int64(): "-9223372036854775808", pa.int32(): "-2147483648", pa.uint8(): "-32768", pa.float64(): "'NaN'"}
"""The number, in SQL, that tells a null."""


def read(type_: pa.DataType, data: bytes | None) -> pa.Array:
    """The elements of an array; none is no elements."""
    if data is None:
        return pa.array([], type_)
    element = np.dtype(_ELEMENTS[type_])
    found = np.frombuffer(data, np.dtype([("length", ">i4"), ("value", element)]), offset=HEAD)["value"]
    if element.kind == "f":
        return pa.array(found.astype(element.newbyteorder("=")), type_, from_pandas=True)
    none = found == np.iinfo(element).min
    return pa.array(found.astype(type_.to_pandas_dtype()), type_, mask=none if none.any() else None)
