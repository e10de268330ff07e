// blast PORT SECONDS LINES-PER-DATAGRAM KEYS [DATAGRAMS-PER-SECOND]
//
// Sends statsd lines to 127.0.0.1:PORT as fast as one processor can, or at a rate, and prints a line of
// JSON: what it sent and how long it took. The datagrams are made before: 60 % counters (one in twenty of
// them a set), 30 % timers, 10 % gauges, one counter or timer in ten with a sample rate, KEYS names that
// come equally often. The same arguments give the same bytes.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { DATAGRAMS = 8192, BATCH = 64, BYTES_MAX = 1432 };

static uint64_t state = 42;

static uint32_t draw(uint32_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(((state >> 33) * (uint64_t)below) >> 31);
}

static int line(char *text, size_t size, uint32_t keys) {
    uint32_t key = draw(keys);
    const char *rate = draw(10) == 0 ? "|@0.1" : "";
    // The kind belongs to the key.
    uint32_t kind = key % 10;
    if (kind < 6 && key % 200 == 2)
        return snprintf(text, size, "shop.web.visitors.%u:user%u|s\n", key, draw(1000));
    if (kind < 6) return snprintf(text, size, "shop.web.requests.%u:%u|c%s\n", key, 1 + draw(9), rate);
    if (kind < 9) return snprintf(text, size, "shop.web.latency.%u:%u|ms%s\n", key, 1 + draw(999), rate);
    return snprintf(text, size, "shop.web.load.%u:%u.%u|g\n", key, draw(100), draw(10));
}

static double now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int count, char **arguments) {
    if (count < 5) return fprintf(stderr, "usage: blast PORT SECONDS LINES KEYS [RATE]\n"), 2;
    int lines = atoi(arguments[3]);
    double seconds = atof(arguments[2]), rate = count > 5 ? atof(arguments[5]) : 0;
    static char text[DATAGRAMS][BYTES_MAX];
    static struct iovec parts[DATAGRAMS];
    static struct mmsghdr messages[DATAGRAMS];
    for (int i = 0; i < DATAGRAMS; i++) {
        size_t length = 0;
        for (int j = 0; j < lines && length + 64 < BYTES_MAX; j++)
            length += (size_t)line(text[i] + length, BYTES_MAX - length, (uint32_t)atoi(arguments[4]));
        parts[i] = (struct iovec){text[i], length - 1};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arguments[1]))};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&to, sizeof to) != 0) return perror("blast"), 1;
    uint64_t sent = 0;
    double began = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID), passed = 0;
    while ((passed = now(CLOCK_MONOTONIC) - began) < seconds) {
        if (rate > 0 && (double)sent > passed * rate) {
            nanosleep(&(struct timespec){0, 200000}, NULL);
            continue;
        }
        uint64_t place = sent % DATAGRAMS;
        unsigned int batch = DATAGRAMS - place < BATCH ? (unsigned int)(DATAGRAMS - place) : BATCH;
        int done = sendmmsg(descriptor, messages + place, batch, 0);
        if (done < 0 && errno != ECONNREFUSED) return perror("blast"), 1;
        if (done > 0) sent += (uint64_t)done;
    }
    printf("{\"datagrams\": %llu, \"lines\": %llu, \"seconds\": %.3f, \"cpuSeconds\": %.3f}\n",
           (unsigned long long)sent, (unsigned long long)(sent * (uint64_t)lines), passed,
           now(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    return 0;
}
