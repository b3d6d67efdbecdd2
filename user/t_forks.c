/* t_forks: children that stay, until fork fails; it must fail with EAGAIN or ENOMEM, and all must end again. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX = 5000 };

int
main(void)
{
    static pid_t pid[MAX];
    int n = 0, error = 0;

    while (n < MAX) {
        pid[n] = fork();
        if (pid[n] == 0) {
            pause();
            _exit(0);
        }
        if (pid[n] < 0) {
            error = errno;
            break;
        }
        n++;
    }
    printf("%d children, then %s\n", n,
           error == EAGAIN   ? "EAGAIN"
           : error == ENOMEM ? "ENOMEM"
                             : strerror(error));
    for (int i = 0; i < n; i++)
        kill(pid[i], SIGKILL);
    for (int i = 0; i < n; i++)
        if (waitpid(pid[i], NULL, 0) != pid[i])
            return 1;
    return 0;
}
