/* Error messages, as the C library of Linux has them. */
#include <user/arm/lib/out.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>

/* Numbers and texts in one string: an array of pointers would have to lie in RAM. */
static const char texts[] = "\1Operation not permitted\0"
                            "\2No such file or directory\0"
                            "\3No such process\0"
                            "\4Interrupted system call\0"
                            "\5Input/output error\0"
                            "\7Argument list too long\0"
                            "\10Exec format error\0"
                            "\11Bad file descriptor\0"
                            "\12No child processes\0"
                            "\14Cannot allocate memory\0"
                            "\15Permission denied\0"
                            "\16Bad address\0"
                            "\20Device or resource busy\0"
                            "\21File exists\0"
                            "\23No such device\0"
                            "\24Not a directory\0"
                            "\25Is a directory\0"
                            "\26Invalid argument\0"
                            "\30Too many open files\0"
                            "\31Inappropriate ioctl for device\0"
                            "\33File too large\0"
                            "\34No space left on device\0"
                            "\36Read-only file system\0"
                            "\40Broken pipe\0"
                            "\44File name too long\0"
                            "\46Function not implemented\0"
                            "\47Directory not empty\0"
                            "\173No medium found\0";

const char *
error_text(int error)
{
    for (const char *p = texts; *p != '\0'; p += strlen(p) + 1) {
        if (*p == -error)
            return p + 1;
    }
    return "Unknown error";
}
