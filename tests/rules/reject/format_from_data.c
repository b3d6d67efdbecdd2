/* R12: text from elsewhere is used as a format.
 * expect: format string is not a string literal
 */
#include <kernel/core/log.h>

void report(const char *message);

void
report(const char *message)
{
#ifdef WRONG
    klog(LOG_INFO, message);
#else
    klog(LOG_INFO, "%s", message);
#endif
}
