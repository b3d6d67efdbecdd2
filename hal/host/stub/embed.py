#!/usr/bin/env python3
"""Turn a file into a C array: embed.py INPUT OUTPUT.c NAME"""
import sys

data = open(sys.argv[1], "rb").read()
name = sys.argv[3]
with open(sys.argv[2], "w") as out:
    out.write("#include <stddef.h>\n#include <stdint.h>\n")
    out.write(f"extern const uint8_t {name}[];\nextern const size_t {name}_size;\n")
    out.write(f"const uint8_t {name}[] = {{\n")
    for i in range(0, len(data), 16):
        out.write("    " + " ".join(f"0x{b:02x}," for b in data[i : i + 16]) + "\n")
    out.write(f"}};\nconst size_t {name}_size = {len(data)};\n")
