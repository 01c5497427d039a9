/* packages.h - what makes the folder of an exported network a library of Arduino and a module of Zephyr */
#ifndef CLI_PACKAGES_H
#define CLI_PACKAGES_H

#include "export/emit.h"

/* library.properties and a sketch, examples/classify/classify.ino. */
void packages_arduino(FILE *to, const emit_names *names);
void packages_sketch(FILE *to, const integer_net *n, const emit_names *names);

/* zephyr/module.yml and zephyr/CMakeLists.txt, which lists the runtime's sources [count] beside the network's. */
void packages_zephyr_module(FILE *to, const emit_names *names);
void packages_zephyr_cmake(FILE *to, const emit_names *names, const char *const *sources, int count);

#endif
