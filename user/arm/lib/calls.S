/* The system calls (see sys.h): number in r7, arguments in r0 to r5, the result or a negative error number in r0.  r12 keeps r7, so that
 * nothing is on the stack: the child of vfork() returns on its parent's. */
    .syntax unified
    .thumb

    .macro  call name, number
    .section .text.sys_\name, "ax", %progbits
    .global sys_\name
    .thumb_func
sys_\name:
    mov     r12, r7
    .if     \number < 256
    movs    r7, #\number
    .else
    movw    r7, #\number
    .endif
    svc     #0
    mov     r7, r12
    bx      lr
    .endm

    /* The fifth and sixth argument are on the stack. */
    .macro  call6 name, number
    .section .text.sys_\name, "ax", %progbits
    .global sys_\name
    .thumb_func
sys_\name:
    push    {r4, r5, r7, lr}
    ldrd    r4, r5, [sp, #16]
    movw    r7, #\number
    svc     #0
    pop     {r4, r5, r7, pc}
    .endm

    call    exit, 248 /* exit_group */
    call    fork, 2
    call    read, 3
    call    write, 4
    call    open, 5
    call    close, 6
    call    link, 9
    call    unlink, 10
    call    execve, 11
    call    chdir, 12
    call    mknod, 14
    call    chmod, 15
    call    lseek, 19
    call    getpid, 20
    call6   mount, 21
    call    sync, 36
    call    kill, 37
    call    rename, 38
    call    mkdir, 39
    call    rmdir, 40
    call    dup, 41
    call    brk, 45
    call    umount, 52 /* umount2 */
    call    ioctl, 54
    call    setpgid, 57
    call    dup2, 63
    call    getppid, 64
    call    symlink, 83
    call    readlink, 85
    call    reboot, 88
    call    munmap, 91
    call    ftruncate, 93
    call    wait4, 114
    call    sysinfo, 116
    call    fsync, 118
    call    uname, 122
    call    sched_yield, 158
    call    poll, 168
    call    rt_sigaction, 174
    call    rt_sigprocmask, 175
    call    getcwd, 183
    call    sigaltstack, 186
    call    vfork, 190
    call6   mmap2, 192
    call    stat64, 195
    call    lstat64, 196
    call    fstat64, 197
    call    getuid, 199
    call    getdents64, 217
    call    fcntl64, 221
    call    pipe2, 359
    call    getrandom, 384
    call    clock_gettime64, 403
    call    clock_nanosleep64, 407

    /* Any call, with up to six arguments: for the tests. */
    .section .text.sys_call, "ax", %progbits
    .global sys_call
    .thumb_func
sys_call:
    push    {r4, r5, r6, r7, lr}
    mov     r7, r0
    mov     r0, r1
    mov     r1, r2
    mov     r2, r3
    ldrd    r3, r4, [sp, #20]
    ldr     r5, [sp, #28]
    svc     #0
    pop     {r4, r5, r6, r7, pc}

    /* Where signal handlers return to. */
    .section .text.sys_restorer, "ax", %progbits
    .global sys_restorer
    .thumb_func
sys_restorer:
    movs    r7, #119
    svc     #0

    .section .text.sys_restorer_info, "ax", %progbits
    .global sys_restorer_info
    .thumb_func
sys_restorer_info:
    movs    r7, #173
    svc     #0
