#ifndef CTELEMETRY_H
#define CTELEMETRY_H

#include <stddef.h>

// Receives up to `count` datagrams that wait on `descriptor` with one system call, without blocking
// beyond the first: datagram i lies at `slab + i * size` and has `lengths[i]` bytes. Longer ones are
// cut at `size`. Returns how many came, or -1 with errno. At most 1024 a call.
int ctelemetry_receive(int descriptor, void *slab, size_t size, unsigned int count, unsigned int *lengths);

#endif
