"""Writes a linker script that lays out functions in the order of their calls.

    start_path.py addresses PROGRAM            > ADDRESSES
    start_path.py script MAP CALLS... > SCRIPT

PROGRAM is not stripped; MAP is what its linker says of it; CALLS are what
integration/bench's first_calls printed.
"""

import bisect
import re
import subprocess
import sys

HEAD = """\
/* Written by tools/start_path. What a container's start calls, in the order of
   the first calls, so that it lies in few pages: a process counts, and
   faults in, what lies around what it calls. Names that are gone do no harm. */
SECTIONS
{
  .text.start_path :
  {
"""
TAIL = """\
  }
}
INSERT BEFORE .text;
"""


def addresses(program):
    table = subprocess.run(["readelf", "--symbols", "--wide", program],
                           check=True, stdout=subprocess.PIPE, text=True)
    fields = [line.split() for line in table.stdout.splitlines()]
    return sorted({row[1] for row in fields
                   if len(row) > 7 and row[3] == "FUNC" and row[6] != "UND"
                   and row[2] != "0"})


def text_sections(map_path):
    """(address, size, section, file) of each piece of code, by address."""
    with open(map_path, encoding="utf-8", errors="replace") as file:
        text = file.read().split("Linker script and memory map", 1)[1]
    found = re.findall(r"^ (\.text\S*)\s+(0x[0-9a-f]+)\s+(0x[0-9a-f]+) (\S.*)$",
                       text, re.MULTILINE)
    pieces = [(int(address, 16), int(size, 16), section, origin)
              for section, address, size, origin in found]
    return sorted(piece for piece in pieces if piece[0] and piece[1])


def pattern(section, origin):
    if section.startswith(".text._Z"):
        return f"*({section})"
    member = re.search(r"([^/]+\.a)\(([^)]+)\)$", origin)
    name = f"{member[1]}:{member[2]}" if member else origin.rsplit("/", 1)[-1]
    return f"*{name}({section})"


def script(map_path, calls):
    pieces = text_sections(map_path)
    starts = [piece[0] for piece in pieces]
    patterns = {}
    for path in calls:
        with open(path, encoding="ascii") as file:
            for line in file:
                address = int(line, 16)
                start, size, *place = pieces[
                    bisect.bisect_right(starts, address) - 1]
                if start <= address < start + size:
                    patterns[pattern(*place)] = None
    return HEAD + "".join(f"    {one}\n" for one in patterns) + TAIL


if __name__ == "__main__":
    if sys.argv[1] == "addresses":
        print("\n".join(addresses(sys.argv[2])))
    else:
        sys.stdout.write(script(sys.argv[2], sys.argv[3:]))
