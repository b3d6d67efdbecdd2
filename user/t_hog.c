/* t_hog: map and touch memory until there is none. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

int
main(void)
{
    for (;;) {
        char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (p == MAP_FAILED) {
            printf("%s\n", errno == ENOMEM ? "ENOMEM" : strerror(errno));
            return 0;
        }
        memset(p, 1, 1 << 20);
    }
}
