/*
 * CLEANUP(fn): a local that cleans up after itself when its scope ends.
 * fn takes a pointer to the local. To hand the value out, copy it and set the local to NULL.
 */
#pragma once

#define CLEANUP(fn) __attribute__((cleanup(fn)))
