"""Plain values and tensors are converted to bytes and back, and nothing else is."""

import contextlib
import json
import math
from collections import namedtuple
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save
from torch import nn

from s2s_ref.state import Hypothesis, State
from s2s_ref.student import codec
from s2s_ref.student.codec import CodecError, decode, encode, plain
from s2s_ref.student.protocol import Call, Generator, Model, Observation, Optimizer, Other, Raised

DTYPES = [
    torch.bool,
    torch.uint8,
    torch.int8,
    torch.int16,
    torch.int32,
    torch.int64,
    torch.float16,
    torch.bfloat16,
    torch.float32,
    torch.float64,
]


def equal(one, other):
    """Tell whether two values are identical, down to types, dtypes and the bits of floats."""
    if type(one) is not type(other):
        return False
    if isinstance(one, torch.Tensor):
        same_kind = one.dtype == other.dtype and one.shape == other.shape
        return same_kind and torch.equal(one.nan_to_num(9), other.nan_to_num(9))
    if isinstance(one, float):
        return one == other or (math.isnan(one) and math.isnan(other))
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, dict):
        return equal(list(one.items()), list(other.items()))
    if hasattr(one, "__dict__"):
        return equal(vars(one), vars(other))
    return one == other


tensors = st.builds(
    lambda dtype, shape: (torch.arange(math.prod(shape)) - 2).reshape(shape).to(dtype),
    st.sampled_from(DTYPES),
    st.lists(st.integers(0, 3), max_size=3),
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
leaves = scalars | tensors | st.builds(Generator, st.integers(0, 9))
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text() | st.integers() | st.tuples(st.booleans()), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=150)
@given(values)
def test_what_goes_in_comes_out(value):
    assert equal(decode(encode(value)), value)
    assert equal(plain(value), value)


RECORDS = [
    State(torch.ones(2, 3)),
    State((torch.ones(2, 3), torch.zeros(2, 3))),
    Hypothesis([4, 7], -1.5, -0.5),
    Model("s2s_ref.rnn.SingleRNN", {"inner": Model("a.B", {})}, {"w": torch.ones(1)}, {}, True),
    Optimizer("SGD", "model", {"lr": 0.1}),
    Generator(3),
    Other("set", "{1}"),
    Raised("ValueError", "no", "raise ValueError('no')", 3),
    Call({"x": torch.ones(2)}, {"size": 2}, {"w": torch.ones(2)}, {"": torch.ones(2)}),
    Observation(torch.ones(2), Raised("A", "b"), {"x": None}, ("x",), {"model": {}}, "missing"),
    Observation(1.0, attached=("",), kept={"model": {"weight": torch.ones(2)}}),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_records_keep_their_type(record):
    assert equal(decode(encode([record, {"k": record}])), [record, {"k": record}])


def test_tensors_of_every_kind_of_memory():
    base = torch.arange(12.0).reshape(3, 4)
    odd = {
        "0-dim": torch.tensor(3.5),
        "empty": torch.zeros(2, 0, 3),
        "transposed": base.T,
        "strided": base[:, ::2],
        "expanded": base[:1].expand(3, 4),
        "a view of the same memory": base[1],
        "the same tensor": base,
        "with a graph": (base.clone().requires_grad_() * 2),
    }
    back = decode(encode(odd))
    for name, tensor in odd.items():
        assert torch.equal(back[name], tensor.detach()), name
    assert not back["with a graph"].requires_grad
    back["the same tensor"].zero_()
    assert back["a view of the same memory"].tolist() == base[1].tolist()


# ------------------------------------------------------------------ plain


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64(0.5), 0.5),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (Fraction(1, 2), 0.5),
        (namedtuple("Pair", "a b")(1, 2), (1, 2)),
        (nn.Parameter(torch.ones(2)), torch.ones(2)),
    ],
    ids=["float64", "float32", "int64", "fraction", "another named tuple", "parameter"],
)
def test_plain_takes_what_is_nearly_plain(value, expected):
    assert equal(plain(value), expected)


class BadRepr:
    def __repr__(self):
        raise RuntimeError("no repr")


@pytest.mark.parametrize(
    ("value", "type_name"),
    [
        ({1, 2}, "set"),
        (nn.Linear(1, 1), "torch.nn.modules.linear.Linear"),
        (torch.ones(2).to_sparse(), "torch.Tensor"),
        (torch.ones(2, dtype=torch.complex64), "torch.Tensor"),
        (torch.ones(2, device="meta"), "torch.Tensor"),
        (np.ones(2), "numpy.ndarray"),
        (BadRepr(), "tests.student.test_codec.BadRepr"),
        (len, "builtin_function_or_method"),
        (..., "ellipsis"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_plain_names_what_has_no_plain_form(value, type_name):
    (other,) = plain([value])
    assert isinstance(other, Other)
    assert other.type_name == type_name
    assert len(other.text) <= 200
    assert equal(decode(encode(other)), other)


def test_a_class_that_only_shares_a_records_name_does_not_pass_as_it():
    impostor = namedtuple("State", "hidden")(torch.ones(2))
    assert type(plain(impostor)) is tuple


# ------------------------------------------------------------------ what is refused


def deep(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [{1, 2}, object(), nn.Linear(1, 1), deep(2000), 10**5000, torch.ones(2).to_sparse()],
    ids=["set", "object", "module", "deep", "a long number", "sparse"],
)
def test_encode_refuses_what_has_no_plain_form(value):
    with pytest.raises(CodecError):
        encode(value)


def test_both_ways_are_capped(monkeypatch):
    data = encode("x" * 5000)
    monkeypatch.setattr(codec, "MAX_BYTES", 4096)
    with pytest.raises(CodecError, match="at most 4,096 are allowed"):
        encode("x" * 5000)
    with pytest.raises(CodecError, match="at most 4,096 are allowed"):
        decode(data)
    assert decode(encode("x" * 1000)) == "x" * 1000


def message(tree, **tensors):
    """Write a message without `encode`."""
    return save(tensors, metadata={"value": json.dumps(tree)})


def bare(header):
    """Write bytes whose header is this text."""
    text = header.encode()
    return len(text).to_bytes(8, "little") + text


MALFORMED = {
    "nothing": b"",
    "no header": b"\x00" * 8,
    "a header that promises too much": (2**63).to_bytes(8, "little") + b"{}",
    "pickle": b"\x80\x04N.",
    "not JSON": bare("{"),
    "not UTF-8": len(b"\xff").to_bytes(8, "little") + b"\xff",
    "a list for a header": bare("[]"),
    "a number for a header": bare("3"),
    "no metadata": save({"0": torch.ones(1)}),
    "another metadata": save({}, metadata={"format": "pt"}),
    "value not JSON": save({}, metadata={"value": "{"}),
    "a missing tensor": message({"$tensor": "7"}),
    "a tensor named by a list": message({"$tensor": []}),
    "an unknown record": message({"$record": "os.system", "fields": []}),
    "a record named by a list": message({"$record": ["State"], "fields": []}),
    "a record with wrong fields": message({"$record": "State", "fields": [["nope", 1]]}),
    "a record without fields": message({"$record": "State"}),
    "fields that are no pairs": message({"$record": "State", "fields": [1]}),
    "an empty object": message({}),
    "a float that is none": message({"$float": "abc"}),
    "a float that is too large": message({"$float": 10**400}),
    "a dict with a list for a key": message({"$dict": [[[], 1]]}),
    "a dict of no pairs": message({"$dict": 3}),
    "a tuple of nothing": message({"$tuple": None}),
    "too deep": save({}, metadata={"value": "[" * 100_000 + "]" * 100_000}),
    "a shape of no size that overflows": bare(
        '{"__metadata__": {"value": "null"}, "0": {"dtype": "F32", "shape": '
        "[0, 4611686018427387904, 4611686018427387904], "
        '"data_offsets": [0, 0]}}'
    ),
    "a shape beyond 64 bits": bare(
        '{"__metadata__": {"value": "null"}, "0": {"dtype": "F32", "shape": '
        '[0, 18446744073709551615], "data_offsets": [0, 0]}}'
    ),
    "an unknown dtype": bare(
        '{"__metadata__": {"value": "null"}, "0": {"dtype": "F6_E2M3", "shape": [0], '
        '"data_offsets": [0, 0]}}'
    ),
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_malformed_bytes_raise_codec_error_only(data):
    with pytest.raises(CodecError):
        decode(data)


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=200), st.data())
def test_damaged_bytes_raise_codec_error_only(noise, data):
    whole = bytearray(encode({"a": [torch.arange(3.0), (1, 2.5)], "b": State(torch.ones(1, 2))}))
    start = data.draw(st.integers(0, len(whole)))
    whole[start : start + len(noise)] = noise
    for damaged in (bytes(whole), noise, bytes(whole[:start])):
        with contextlib.suppress(CodecError):
            decode(damaged)
