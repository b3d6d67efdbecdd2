/* What the ADC model measures.  See devices/adc_lm3s.c. */
#pragma once

#include <sim/model.h>

enum { ADC_LM3S_INPUTS = 4, ADC_LM3S_MAX = 1023 };

/* The chip's temperature, in thousandths of a degree Celsius; 25 degrees after power-on. */
void adc_lm3s_set_temperature(struct model *adc, int millidegrees);
/* The voltage on input `n` (0 .. 3), as the converter's result (0 .. 1023: 0 to 3 V). */
void adc_lm3s_set_input(struct model *adc, unsigned n, unsigned value);
