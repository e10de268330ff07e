#define _GNU_SOURCE
#include "include/ctelemetry.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum { COUNT_MAX = 1024 };

struct ctelemetry_slab {
    struct mmsghdr messages[COUNT_MAX];
    struct iovec parts[COUNT_MAX];
    unsigned int count;
    size_t stride;
    size_t bytes;
    char *start;
    // Who sent each datagram, if that is asked for.
    struct sockaddr_storage *senders;
};

struct ctelemetry_slab *ctelemetry_slab_make(unsigned int count, size_t size, size_t padding) {
    struct ctelemetry_slab *slab = calloc(1, sizeof *slab);
    if (slab == NULL) return NULL;
    slab->count = count < COUNT_MAX ? count : COUNT_MAX;
    // Not a multiple of a page: short datagrams that all began at the same place of a page would share a
    // few lines of the processor's cache. Pages that no datagram reaches take no memory.
    slab->stride = ((size + padding + 4095) & ~(size_t)4095) + 576;
    slab->bytes = slab->stride * slab->count;
    slab->start = mmap(NULL, slab->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (slab->start == MAP_FAILED) {
        free(slab);
        return NULL;
    }
    for (unsigned int i = 0; i < slab->count; i++) {
        slab->parts[i].iov_base = slab->start + i * slab->stride;
        slab->parts[i].iov_len = size;
        slab->messages[i].msg_hdr.msg_iov = &slab->parts[i];
        slab->messages[i].msg_hdr.msg_iovlen = 1;
    }
    return slab;
}

void ctelemetry_slab_free(struct ctelemetry_slab *slab) {
    munmap(slab->start, slab->bytes);
    free(slab->senders);
    free(slab);
}

int ctelemetry_slab_keep_senders(struct ctelemetry_slab *slab) {
    slab->senders = calloc(slab->count, sizeof *slab->senders);
    if (slab->senders == NULL) return -1;
    for (unsigned int i = 0; i < slab->count; i++) slab->messages[i].msg_hdr.msg_name = &slab->senders[i];
    return 0;
}

static void address_text(const struct sockaddr_storage *address, char *text, unsigned int size) {
    const void *bytes = address->ss_family == AF_INET6 ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
                                                       : (const void *)&((const struct sockaddr_in *)address)->sin_addr;
    text[0] = 0;
    if (address->ss_family != AF_INET && address->ss_family != AF_INET6) return;
    if (inet_ntop(address->ss_family, bytes, text, size) == NULL) text[0] = 0;
}

void ctelemetry_slab_sender(const struct ctelemetry_slab *slab, unsigned int index, char *text, unsigned int size) {
    text[0] = 0;
    if (slab->senders != NULL) address_text(&slab->senders[index], text, size);
}

void ctelemetry_peer(int descriptor, char *text, unsigned int size) {
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof address;
    text[0] = 0;
    if (getpeername(descriptor, (struct sockaddr *)&address, &length) == 0) address_text(&address, text, size);
}

int ctelemetry_slab_receive(struct ctelemetry_slab *slab, int descriptor) {
    if (slab->senders != NULL)
        for (unsigned int i = 0; i < slab->count; i++)
            slab->messages[i].msg_hdr.msg_namelen = sizeof *slab->senders;
    return recvmmsg(descriptor, slab->messages, slab->count, MSG_DONTWAIT, NULL);
}

void *ctelemetry_slab_datagram(const struct ctelemetry_slab *slab, unsigned int index, unsigned int *length) {
    *length = slab->messages[index].msg_len;
    return slab->start + index * slab->stride;
}

uint32_t ctelemetry_drops(int descriptor) {
    // The kernel's list of a socket's memory: linux/sock_diag.h, SK_MEMINFO_DROPS.
    enum { MEMORY_INFO = 55, DROPS = 8, COUNT = 9 };
    uint32_t info[COUNT] = {0};
    socklen_t size = sizeof info;
    if (getsockopt(descriptor, SOL_SOCKET, MEMORY_INFO, info, &size) != 0) return 0;
    return size > DROPS * sizeof info[0] ? info[DROPS] : 0;
}

int ctelemetry_send(int descriptor, const void *const *starts, const unsigned int *lengths, unsigned int count) {
    struct mmsghdr messages[COUNT_MAX];
    struct iovec parts[COUNT_MAX];
    if (count > COUNT_MAX) count = COUNT_MAX;
    memset(messages, 0, count * sizeof messages[0]);
    for (unsigned int i = 0; i < count; i++) {
        parts[i].iov_base = (void *)starts[i];
        parts[i].iov_len = lengths[i];
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    return sendmmsg(descriptor, messages, count, 0);
}
