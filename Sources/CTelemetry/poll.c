#define _GNU_SOURCE
#include "include/ctelemetry.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

int ctelemetry_poller(void) { return epoll_create1(EPOLL_CLOEXEC); }

int ctelemetry_waker(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int ctelemetry_watch(int poller, int descriptor) {
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = descriptor}};
    return epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event);
}

int ctelemetry_forget(int poller, int descriptor) { return epoll_ctl(poller, EPOLL_CTL_DEL, descriptor, NULL); }

int ctelemetry_wait(int poller, int *ready, int count, int milliseconds) {
    enum { COUNT_MAX = 64 };
    struct epoll_event events[COUNT_MAX];
    int found = epoll_wait(poller, events, count < COUNT_MAX ? count : COUNT_MAX, milliseconds);
    for (int i = 0; i < found; i++) ready[i] = events[i].data.fd;
    return found;
}

int ctelemetry_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK); }

void ctelemetry_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }
