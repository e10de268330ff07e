#ifndef CTELEMETRY_H
#define CTELEMETRY_H

#include <stddef.h>
#include <stdint.h>

// Asks the processor to fetch what will be read or written soon.
static inline void ctelemetry_prefetch(const void *address) { __builtin_prefetch(address, 1, 3); }

// A slab that datagrams are received into, many with one system call.
struct ctelemetry_slab;

// Makes a slab for up to `count` datagrams (at most 1024) of up to `size` bytes. Behind each there are
// `padding` bytes that nobody writes but the caller. Returns NULL if there is no memory.
struct ctelemetry_slab *ctelemetry_slab_make(unsigned int count, size_t size, size_t padding);
void ctelemetry_slab_free(struct ctelemetry_slab *slab);

// Keeps who sent each datagram from now on. -1 if there is no memory.
int ctelemetry_slab_keep_senders(struct ctelemetry_slab *slab);

// The address of who sent datagram `index`, or of who is at the other end of a connection, as text without a
// port; empty if it is not known. `size` is at least 46.
void ctelemetry_slab_sender(const struct ctelemetry_slab *slab, unsigned int index, char *text, unsigned int size);
void ctelemetry_peer(int descriptor, char *text, unsigned int size);

// Receives what waits on `descriptor`, without blocking. Returns how many datagrams came, or -1 with errno.
int ctelemetry_slab_receive(struct ctelemetry_slab *slab, int descriptor);

// Where datagram `index` lies, and how long it is. One that was longer than `size` is cut.
void *ctelemetry_slab_datagram(const struct ctelemetry_slab *slab, unsigned int index, unsigned int *length);

// How many datagrams the kernel has dropped on this socket, because nobody read them in time. Wraps around.
uint32_t ctelemetry_drops(int descriptor);

// Sends `count` datagrams to the peer of a connected socket with as few system calls as can be: datagram i
// is `lengths[i]` bytes at `starts[i]`. Returns how many were sent, or -1 with errno. At most 1024.
int ctelemetry_send(int descriptor, const void *const *starts, const unsigned int *lengths, unsigned int count);

// A descriptor that tells which others can be read (epoll), and one that can be written to make it tell so
// (eventfd: eight bytes). -1 with errno if there is none to be had.
int ctelemetry_poller(void);
int ctelemetry_waker(void);

// Begins and ends the watching of a descriptor. -1 with errno if it is refused.
int ctelemetry_watch(int poller, int descriptor);
int ctelemetry_forget(int poller, int descriptor);

// Waits for descriptors that can be read, at most `milliseconds`. Returns how many are in `ready`, at most
// 64, or -1 with errno.
int ctelemetry_wait(int poller, int *ready, int count, int milliseconds);

// The next connection that waits, not blocking, closed on exec; -1 with errno if there is none.
int ctelemetry_accept(int listener);

// Names the thread that calls, with at most 15 bytes.
void ctelemetry_name_thread(const char *name);

// Extends the CRC-32C (Castagnoli, RFC 3720) of what came before by `size` bytes; 0 is that of nothing.
// Uses the processor's instruction where it has one.
uint32_t ctelemetry_crc32c(uint32_t crc, const void *data, size_t size);

// Inflates what gzip or zlib has packed, all members of it, into memory that the caller frees with free().
// Returns 0; EINVAL if it is no such thing or is cut off, EFBIG if there are more than `max` bytes, ENOMEM.
int ctelemetry_gunzip(const void *packed, size_t size, size_t max, void **bytes, size_t *count);

// Packs bytes as gzip, at the fastest level, into memory that the caller frees with free(). Returns 0 or ENOMEM.
int ctelemetry_gzip(const void *bytes, size_t size, void **packed, size_t *count);

#endif
