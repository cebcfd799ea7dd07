#!/usr/bin/env python3
"""base/value against Python's json: the same answer and the same content for each document.

Usage: json_python.py PATH-OF-json_answers [COUNT] [SEED]

Python is made as strict as RFC 8259 where it has a switch (NaN, duplicate keys, surrogates);
the differences that remain are wanted and counted by name.
"""
import decimal
import json
import re
import struct
import subprocess
import sys
from decimal import Decimal

WIDE = decimal.Context(prec=10000, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)
ZERO = re.compile(r"-?[0.]+([eE].*)?")
SURROGATE = re.compile("[\ud800-\udfff]")


class Refused(Exception):
    pass


def no_constant(name):
    raise Refused(name)


def no_duplicates(pairs):
    result = dict(pairs)
    if len(result) != len(pairs):
        raise Refused("duplicate key")
    return result


def number(text):
    if ZERO.fullmatch(text):
        return Decimal(0)  # whatever the exponent
    value = Decimal(text)
    # value.h: at most 4096 digits, between 1e-4096 and 1e4096
    digits = len(value.normalize(WIDE).as_tuple().digits)
    if value and (digits > 4096 or not -4096 <= value.adjusted() <= 4096):
        raise Refused("number out of range")
    return value


DECODER = json.JSONDecoder(object_pairs_hook=no_duplicates, parse_float=number, parse_int=number,
                           parse_constant=no_constant)


def has_surrogate(value):
    if isinstance(value, str):
        return SURROGATE.search(value) is not None
    if isinstance(value, list):
        return any(map(has_surrogate, value))
    if isinstance(value, dict):
        return any(has_surrogate(key) or has_surrogate(item) for key, item in value.items())
    return False


def read(document):
    """The content, or Refused with the reason."""
    try:
        text = document.decode("utf-8")
        value = DECODER.decode(text)
    except (ValueError, decimal.InvalidOperation) as reason:
        raise Refused(str(reason)) from None
    if has_surrogate(value):
        raise Refused("lone surrogate")
    return value


def same(a, b):
    """1 == True in Python, but not in JSON."""
    if type(a) is not type(b):
        return False
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return a == b


def is_canonical(text, value):
    """Members sorted by the UTF-8 of their keys, no white space."""
    return text == write(value)


def write(value):
    if isinstance(value, dict):
        items = sorted(value.items(), key=lambda item: item[0].encode())
        return "{" + ",".join(write(key) + ":" + write(item) for key, item in items) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(write, value)) + "]"
    if isinstance(value, Decimal):
        return write_number(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def write_number(value):
    """The normal form of base/value_number.c, written down independently."""
    if not value:
        return "0"
    sign, digits, exponent = value.normalize(WIDE).as_tuple()
    digits = "".join(map(str, digits))
    point = len(digits) + exponent
    minus = "-" if sign else ""
    if abs(value) < 10**40 and value == value.to_integral_value() and -2**63 <= value < 2**63:
        return str(int(value))
    if exponent >= 0 and exponent <= 21:
        return minus + digits + "0" * exponent
    if 0 < point < len(digits):
        return minus + digits[:point] + "." + digits[point:]
    if -5 <= point <= 0:
        return minus + "0." + "0" * -point + digits
    fraction = "." + digits[1:] if len(digits) > 1 else ""
    return f"{minus}{digits[0]}{fraction}e{point - 1:+d}"


def records(stream):
    while True:
        head = stream.read(4)
        if not head:
            return
        document = stream.read(struct.unpack("<I", head)[0])
        (size,) = struct.unpack("<I", stream.read(4))
        yield document, None if size == 0xFFFFFFFF else stream.read(size)


def compare(document, ours):
    """What the two answers are to each other; a text that starts with DIFFERENT is a failure."""
    try:
        theirs = read(document)
    except Refused as reason:
        return "refused by both" if ours is None else f"DIFFERENT: only we read it ({reason})"
    if ours is None:
        return "DIFFERENT: only Python reads it"
    text = ours.decode("utf-8")
    if not same(theirs, read(ours)):
        return "DIFFERENT: content"
    if not is_canonical(text, theirs):
        return "DIFFERENT: not canonical"
    return "read by both, same content, canonical"


def main(program, count="100000", seed="1"):
    decimal.setcontext(WIDE)
    counts = {}
    child = subprocess.Popen([program, count, seed], stdout=subprocess.PIPE)
    for document, ours in records(child.stdout):
        what = compare(document, ours)
        counts[what] = counts.get(what, 0) + 1
        if what.startswith("DIFFERENT"):
            print(what, document, ours)
    status = child.wait()
    for what, number_of in sorted(counts.items()):
        print(f"{number_of:8} {what}")
    total = sum(counts.values())
    balanced = all(share > total / 5 for share in counts.values())
    return 0 if status == 0 and total == int(count) and len(counts) == 2 and balanced else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
