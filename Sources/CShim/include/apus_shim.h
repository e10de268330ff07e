#ifndef APUS_SHIM_H
#define APUS_SHIM_H

/* Runs `apus shim FOLDER`: holds one instance while agents come and go. FOLDER is the mount
 * point's `run` folder and has the file `spec`. Returns once the instance has been started and
 * the shim has detached itself; 0 means that `started` and `shim.sock` are there. What went
 * wrong otherwise is one line on standard error. docs/agent.md has the formats. */
int apus_shim_main(int argc, char **argv);

/* The allocator's own calls, which Swift's Glibc module leaves out: one heap for all threads, and
 * free heap back to the system. */
void apus_heap_in_one_piece(void);
/* Pieces of 32 KiB and more get pages of their own: only those that are written to are in memory, and
 * all go back at once. TLS gives each connection such a piece, and most use a page or two of it. */
void apus_heap_in_pages(void);
void apus_heap_give_back(void);

#endif
