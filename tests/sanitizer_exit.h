/* For a test program that dies by a sanitizer's report on purpose: the status it ends with, as everywhere in the project.  Included once. */
#pragma once

enum { SANITIZER_EXIT = 86 };

const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
    return "exitcode=86:detect_leaks=0";
}
