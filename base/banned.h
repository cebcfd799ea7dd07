/*
 * Forced into every source file by meson: functions that have no safe use here do not compile.
 * malloc and friends are banned outside base/ (base defines BASE_LAYER).
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* glibc makes macros of some for clang; a macro cannot be poisoned. */
#undef strcpy
#undef strcat
#undef sprintf
#undef vsprintf

#pragma GCC poison strcpy strcat sprintf vsprintf strtok gets localtime gmtime ctime asctime
#pragma GCC poison atoi atol atof
#ifndef BASE_LAYER
#undef strdup
#undef strndup
#pragma GCC poison malloc calloc realloc strdup strndup
#endif
