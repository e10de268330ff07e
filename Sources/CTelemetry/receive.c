#define _GNU_SOURCE
#include "include/ctelemetry.h"

#include <string.h>
#include <sys/socket.h>

enum { COUNT_MAX = 1024 };

int ctelemetry_receive(int descriptor, void *slab, size_t size, unsigned int count, unsigned int *lengths) {
    struct mmsghdr messages[COUNT_MAX];
    struct iovec parts[COUNT_MAX];
    if (count > COUNT_MAX) count = COUNT_MAX;
    memset(messages, 0, count * sizeof messages[0]);
    for (unsigned int i = 0; i < count; i++) {
        parts[i].iov_base = (char *)slab + i * size;
        parts[i].iov_len = size;
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    int received = recvmmsg(descriptor, messages, count, MSG_WAITFORONE, NULL);
    for (int i = 0; i < received; i++) lengths[i] = messages[i].msg_len;
    return received;
}
