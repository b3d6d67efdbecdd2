/* The models of this folder, for whoever puts a machine together.  Each file describes its chip. */
#pragma once

#include <sim/model.h>

extern const struct model_class uart_16550_class;   /* "ns16550a" */
extern const struct model_class pic_8259_class;     /* "intel,i8259": the pair of a PC */
extern const struct model_class pit_8254_class;     /* "intel,i8254", with port 0x61 */
extern const struct model_class rtc_mc146818_class; /* "motorola,mc146818" */
extern const struct model_class ioapic_class;       /* "intel,ioapic" */
extern const struct model_class lapic_class;        /* "intel,lapic" */
extern const struct model_class exit_port_class;    /* "qemu,debug-exit" */
extern const struct model_class pm_port_class;      /* "acpi,pm" */
extern const struct model_class pci_i440fx_class;   /* "intel,i440fx", with the PIIX3 behind it */

/* The LM3S6965 and its evaluation board. */
extern const struct model_class nvic_armv7m_class; /* "arm,armv7m-nvic": with the System Control Block */
extern const struct model_class systick_armv7m_class; /* "arm,armv7m-systick" */
extern const struct model_class mpu_armv7m_class;     /* "arm,armv7m-mpu" */
extern const struct model_class sysctl_lm3s_class;    /* "luminary,sysctl" */
extern const struct model_class uart_pl011_class;     /* "arm,pl011" */
extern const struct model_class gpio_pl061_class;     /* "arm,pl061" */
extern const struct model_class timer_gptm_class;     /* "luminary,gptm" */
extern const struct model_class ssi_pl022_class;      /* "arm,pl022" */
extern const struct model_class sd_card_class;        /* "sd-card-spi", behind a PL022 */
extern const struct model_class oled_ssd0323_class;   /* "solomon,ssd0323", behind a PL022 */
extern const struct model_class oled_ssd1329_class;   /* "solomon,ssd1329" */
extern const struct model_class watchdog_lm3s_class;  /* "luminary,watchdog" */
extern const struct model_class adc_lm3s_class;       /* "luminary,adc" */
extern const struct model_class flash_lm3s_class;     /* "luminary,flash" */
extern const struct model_class eth_stellaris_class;  /* "luminary,ethernet" */
extern const struct model_class gpio_key_class;       /* "gpio-keys" */
extern const struct model_class gpio_led_class;       /* "gpio-leds" */
