/* Register traces: what a kernel or a probe did to the machine's registers, one access to a line (docs/metal.md). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TRACE_NO_TIME UINT64_MAX

enum trace_kind {
    TRACE_PORT,     /* "P addr width R|W value [ns]" */
    TRACE_MMIO,     /* "M addr width R|W value [ns]" */
    TRACE_GSI,      /* "I gsi|timer [ns]": an interrupt was taken, by its global number (decimal) */
    TRACE_VECTOR,   /* "V vector [ns]": the same, by its vector */
    TRACE_QUIET,    /* "N [ns]": the CPU would have taken an interrupt, and there was none */
    TRACE_MEMORY,   /* "D addr bytes": memory as the CPU left it for a device */
    TRACE_FILL,     /* "F addr length byte": the same, all one byte */
    TRACE_SUM,      /* "E addr length fnv1a": memory as the CPU found it after a device */
    TRACE_SCENARIO, /* "# name" */
    TRACE_LOG,      /* "L text": the kernel's log */
};

enum { TRACE_BYTES_MAX = 4096, TRACE_TIMER = 0x100 /* the gsi of the local APIC's timer */ };

struct trace_line {
    enum trace_kind kind;
    unsigned number; /* in the file, from 1 */
    uint64_t addr;   /* gsi and vector, too */
    unsigned width;
    bool write;
    uint64_t value; /* TRACE_SUM: the sum; TRACE_FILL: the byte */
    uint64_t at_ns; /* TRACE_NO_TIME: not said */
    size_t len;     /* TRACE_MEMORY, TRACE_FILL, TRACE_SUM */
    uint8_t bytes[TRACE_BYTES_MAX];
    char text[80]; /* TRACE_SCENARIO */
};

/* The next line; 1, 0 at the end, -1: not a line of a trace (line->number says which). */
int trace_next(FILE *f, struct trace_line *line);
