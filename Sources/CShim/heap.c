#include <malloc.h>

#include "apus_shim.h"

void apus_heap_in_one_piece(void) { mallopt(M_ARENA_MAX, 1); }

void apus_heap_in_pages(void) { mallopt(M_MMAP_THRESHOLD, 32 << 10); }

void apus_heap_give_back(void) { malloc_trim(0); }
