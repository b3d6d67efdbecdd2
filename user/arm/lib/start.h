/* Where C begins. */
#pragma once

/* The program, in a file of its own; in the box its name is another (user/meson.build). */
int main(int argc, char **argv);

extern char **environ;
extern const char *program_name; /* without its folder */
