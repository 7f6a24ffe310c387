"""What is done to valid bytes to make them bad."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

INTEGERS = (0, 1, -1, -2, 0x7F, 0x80, 0x7FFF, -0x8000, 0x7FFFFFFF, -0x80000000, 0x7FFFFFFFFFFFFFFF, -(1 << 63))
VARINTS = (b"\xff\xff\xff\xff\x0f", b"\xff\xff\xff\xff\x07", b"\x80" * 5, b"\xff" * 12, b"\x80\x80\x04", b"\x00")
Mutation = Callable[[bytearray, int, Random], None]


def flip_a_bit(data: bytearray, position: int, random: Random) -> None:
    data[position] ^= 1 << random.randrange(8)


def replace_a_byte(data: bytearray, position: int, random: Random) -> None:
    data[position] = random.choice((0, 1, 0x7F, 0x80, 0xFF, random.randrange(256)))


def write_an_integer(data: bytearray, position: int, random: Random) -> None:
    size = random.choice((2, 4, 8))
    value = random.choice(INTEGERS) & ((1 << 8 * size) - 1)
    data[position : position + size] = value.to_bytes(size, "big")


def write_a_varint(data: bytearray, position: int, random: Random) -> None:
    data[position : position + 1] = random.choice(VARINTS)


def insert(data: bytearray, position: int, random: Random) -> None:
    data[position:position] = random.randbytes(random.choice((1, 1, 2, 7, 100)))


def delete(data: bytearray, position: int, random: Random) -> None:
    del data[position : position + random.choice((1, 1, 2, 7, 100))]


def repeat(data: bytearray, position: int, random: Random) -> None:
    data[position:position] = data[position : position + random.randint(1, 40)] * random.choice((1, 2, 50))


def move(data: bytearray, position: int, random: Random) -> None:
    size, to = random.randint(1, 20), random.randrange(len(data))
    data[to : to + size] = data[position : position + size]


def cut(data: bytearray, position: int, random: Random) -> None:
    del data[position:]


MUTATIONS: tuple[Mutation, ...] = (
    flip_a_bit,
    replace_a_byte,
    replace_a_byte,
    write_an_integer,
    write_an_integer,
    write_a_varint,
    insert,
    delete,
    repeat,
    move,
    cut,
)


def mutated(data: bytes, random: Random) -> bytes:
    """The bytes with one mutation, or some."""
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
        if changed:
            random.choice(MUTATIONS)(changed, random.randrange(len(changed)), random)
    return bytes(changed)


def resized(frame: bytes) -> bytes:
    """A frame whose size is true again."""
    return (len(frame) - 4).to_bytes(4, "big") + frame[4:] if len(frame) >= 4 else frame
