#include <zstd.h>

/* Of the C library, for Packages: Swift's Glibc module leaves out what only _GNU_SOURCE shows. */
int syncfs(int descriptor);
