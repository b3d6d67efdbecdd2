/* The register trace (io_trace.c): every register access and every interrupt as a line on the debug port.  io.c has empty ones. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* An interrupt on an input of the I/O APIC is about to be served; the local APIC's timer. */
void x86_trace_irq(unsigned gsi);
void x86_trace_timer(void);
/* Memory goes to a device (its bytes are written out) and comes back (a sum of them is). */
void x86_trace_release(const void *p, size_t len);
void x86_trace_acquire(const void *p, size_t len);
/* True: the debug port carries the trace, and the log's lines are marked. */
bool x86_trace_active(void);
