/* The kernel's log: a ring of lines (syslog(2), dmesg), copied to hal_log_write() up to the log level. */
#pragma once

#include <hal/types.h>

enum log_level { LOG_ERR = 3, LOG_WARN = 4, LOG_INFO = 6, LOG_DEBUG = 7 };

/* Any context. A line without a newline at its end; cut at 240 bytes. */
void klog(enum log_level level, const char *fmt, ...) printf_like(2, 3);
/* Like klog(), at most once per call site's key word: returns whether it logged. */
bool klog_once(bool *done, enum log_level level, const char *fmt, ...) printf_like(3, 4);

void log_set_level(enum log_level level);
enum log_level log_level(void);
/* Copy the ring's newest text, at most `size` bytes, for dmesg; returns the length. */
size_t log_read(char *buf, size_t size);
size_t log_size(void);
