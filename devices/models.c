/* The list of all models.  See sim/models.h. */
#include <stddef.h>

#include <devices/models.h>
#include <sim/models.h>

const struct model_class *const sim_models[] = {
    &pic_8259_class,     &pit_8254_class,       &uart_16550_class,
    &rtc_mc146818_class, &ioapic_class,         &lapic_class,
    &pci_i440fx_class,   &exit_port_class,      &pm_port_class,
    &nvic_armv7m_class,  &systick_armv7m_class, &mpu_armv7m_class,
    &sysctl_lm3s_class,  &uart_pl011_class,     &gpio_pl061_class,
    &timer_gptm_class,   &ssi_pl022_class,      &sd_card_class,
    &oled_ssd0323_class, &oled_ssd1329_class,   &watchdog_lm3s_class,
    &adc_lm3s_class,     &flash_lm3s_class,     &eth_stellaris_class,
    &gpio_key_class,     &gpio_led_class,       NULL,
};
