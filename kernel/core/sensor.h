/* Sensors, between their drivers and /dev/temp0... (kernel/fs/sensordev.c). */
#pragma once

#include <hal/types.h>

enum { SENSOR_TEXT = 16 };

struct sensor {
    /* Measure: thousandths of a degree Celsius.  Thread context.  -EIO. */
    int (*read)(struct sensor *s, int32_t *millidegrees);
    void *driver;
    unsigned number; /* the n of /dev/tempn */
    char file[8];
    char text[SENSOR_TEXT]; /* the last reading */
    size_t len;
    struct sensor *_Nullable next;
};

/* The struct is the driver's and stays.  -ENOMEM. */
int must_check sensor_add(struct sensor *s);
