"""What the standard's definitions say to the calls of `pair.rs`.

The argument is the path of `definitions.py`. A line of the input is a case: kind, the caller's encoding, the callee's, the
type as an expression, the image in hex. An encoding stands before the type of the memory's addresses. A line of the output is what the page holds afterwards, in hex and without the
zeros at its end, or `trap`.
"""

import importlib.util
import struct
import sys

spec = importlib.util.spec_from_file_location("definitions", sys.argv[1])
definitions = importlib.util.module_from_spec(spec)
sys.modules["definitions"] = definitions
spec.loader.exec_module(definitions)
from definitions import *  # noqa: E402, F403

PAGE = 65536
FORMATS = {"i32": "<I", "i64": "<Q", "f32": "<f", "f64": "<d"}


class Context:
    """A memory with the allocator of `pair.rs`."""

    def __init__(self, options):
        encoding, self.ptr = options.split(" ")
        memory = MemInst(bytearray(PAGE), self.ptr)
        self.opts = LiftLowerOptions(string_encoding=encoding, memory=memory)
        self.next = 1024
        self.log = 0

    def write(self, place, form, value):
        data = struct.pack(form, value)
        self.opts.memory.bytes[place : place + len(data)] = data

    def reallocate(self, old, old_size, align, size):
        for i, number in enumerate([old, old_size, align, size]):
            self.write(512 + self.log + 4 * i, "<I", number)
        self.log = (self.log + 16) & 511
        place = align_to(self.next, align)
        self.next = place + size
        memory = self.opts.memory.bytes
        while self.next > len(memory):
            memory.extend(bytes(PAGE))
        moved = min(old_size, size)
        memory[place : place + moved] = memory[old : old + moved]
        return place

    def allocate(self, align, size):
        return self.reallocate(0, 0, align, size)

    def place_bytes(self, image):
        place = self.allocate(1, len(image))
        self.opts.memory.bytes[place : place + len(image)] = image
        return place

    def page(self):
        size = ptr_size(self.ptr)
        self.write(0, FORMATS[self.ptr], 2 * size)
        self.write(size, FORMATS[self.ptr], PAGE - 2 * size)
        return bytes(self.opts.memory.bytes[2 * size : PAGE]).rstrip(b"\0").hex()


def from_memory(ptr):
    """What stores strings that come from a memory with such addresses.

    The definitions look for the tag of a string where the target's memory has it, and find it where the source's memory has
    it; between memories of 32 and of 64 bits these are two places.
    """

    def store(cx, string):
        text, encoding, units = string
        if encoding == "latin1+utf16" and units & utf16_tag(ptr):
            units = units ^ utf16_tag(ptr) | utf16_tag(cx.opts.memory.ptr_type())
        return store_string_into_range(cx, (text, encoding, units))

    return store


def run(kind, caller, callee, ty, image):
    """The page that the case answers."""
    definitions.store_string_into_range = from_memory((callee if kind == "back" else caller).ptr)
    place = caller.place_bytes(image)
    wide = TupleType([ty] + [U8Type()] * 16)
    if kind == "back":
        place = callee.place_bytes(image)
        value = lift_flat_values(callee, MAX_FLAT_RESULTS, CoreValueIter([place]), [wide])
        lower_flat_values(caller, MAX_FLAT_RESULTS, value, [wide], CoreValueIter([32768]))
        return caller.page()
    param = ty if kind == "flat" else wide
    given = [place]
    types = [callee.ptr]
    if kind == "flat":
        types = flatten_types([ty], callee.opts)
        given = [struct.unpack_from(FORMATS[t], image, 8 * i)[0] for i, t in enumerate(flatten_types([ty], caller.opts))]
    value = lift_flat_values(caller, MAX_FLAT_PARAMS, CoreValueIter(given), [param])
    flat = lower_flat_values(callee, MAX_FLAT_PARAMS, value, [param])
    for i, (t, number) in enumerate(zip(types, flat)):
        callee.write(64 + 8 * i, FORMATS[t], number)
    return callee.page()


for line in sys.stdin:
    kind, source, target, ty, image = line.rstrip("\n").split("|")
    try:
        answer = run(kind, Context(source), Context(target), eval(ty), bytes.fromhex(image))
    except Trap:
        answer = "trap"
    print(answer, flush=True)
