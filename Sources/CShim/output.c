#define _GNU_SOURCE
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* The file of an instance's output. A disk that is full or broken never blocks the instance:
 * what cannot be written is counted, and the count is written when there is room again. */
static struct {
    const char *path;
    long long bytes_max;
    int files;
    int descriptor;
    long long size;
    unsigned long long lost;
    bool torn;
} file = {.descriptor = -1};

static void reopen(void) {
    file.descriptor = open(file.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
    struct stat status;
    file.size = file.descriptor >= 0 && fstat(file.descriptor, &status) == 0 ? status.st_size : 0;
}

void output_open(const struct spec *spec) {
    file.path = spec->output;
    file.bytes_max = spec->output_bytes_max;
    file.files = spec->output_files;
    reopen();
    /* The shim before may have been killed in the middle of a line. */
    file.torn = file.size > 0;
}

static void rotate(void) {
    char from[PATH_MAX], to[PATH_MAX];
    for (int number = file.files; number > 0; number--) {
        int a = number == 1 ? snprintf(from, sizeof from, "%s", file.path)
                            : snprintf(from, sizeof from, "%s.%d", file.path, number - 1);
        int b = snprintf(to, sizeof to, "%s.%d", file.path, number);
        if (a < 0 || (size_t)a >= sizeof from || b < 0 || (size_t)b >= sizeof to) return;
        if (rename(from, to) < 0 && errno != ENOENT) break;
    }
    if (file.files == 0 && unlink(file.path) < 0 && errno != ENOENT) return;
    if (file.descriptor >= 0) close(file.descriptor);
    reopen();
    file.torn = false;
}

static bool put(const char *stream, char tag, const char *text, size_t size) {
    char head[64];
    struct timespec now;
    struct tm date;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &date);
    size_t length = strftime(head, sizeof head, "%Y-%m-%dT%H:%M:%S", &date);
    length += (size_t)snprintf(head + length, sizeof head - length, ".%03ldZ %s %c ", now.tv_nsec / 1000000, stream, tag);
    struct iovec parts[4] = {
        {.iov_base = (char *)"\n", .iov_len = file.torn ? 1 : 0},
        {.iov_base = head, .iov_len = length},
        {.iov_base = (char *)text, .iov_len = size},
        {.iov_base = (char *)"\n", .iov_len = 1},
    };
    ssize_t whole = (ssize_t)(parts[0].iov_len + length + size + 1);
    ssize_t written;
    do written = writev(file.descriptor, parts, 4);
    while (written < 0 && errno == EINTR);
    if (written > 0) {
        file.size += written;
        file.torn = written < whole;
    }
    return written == whole;
}

/* A line in the format of Kubernetes' container logs: time, stream, F (full) or P (partial:
 * the line goes on), text. */
static void write_line(const struct stream *stream, char tag, size_t size) {
    if (file.descriptor < 0) reopen();
    if (file.size >= file.bytes_max) rotate();
    if (file.descriptor >= 0 && file.lost > 0) {
        char text[80];
        int length = snprintf(text, sizeof text, "%llu bytes of output were lost: the disk took no more", file.lost);
        if (put("apus", 'F', text, (size_t)length)) file.lost = 0;
    }
    if (file.descriptor < 0 || file.lost > 0 || !put(stream->name, tag, stream->line, size)) file.lost += size + 1;
}

static void consume(struct stream *stream) {
    char *end;
    while ((end = memchr(stream->line, '\n', stream->used))) {
        size_t size = (size_t)(end - stream->line);
        write_line(stream, 'F', size);
        stream->used -= size + 1;
        memmove(stream->line, end + 1, stream->used);
    }
    if (stream->used == sizeof stream->line) {
        write_line(stream, 'P', stream->used);
        stream->used = 0;
    }
}

bool stream_read(struct stream *stream) {
    ssize_t count = read(stream->descriptor, stream->line + stream->used, sizeof stream->line - stream->used);
    if (count < 0) return errno == EINTR || errno == EAGAIN;
    if (count == 0) return false;
    stream->used += (size_t)count;
    consume(stream);
    return true;
}

void stream_drain(struct stream *stream) {
    /* Bounded by what a pipe holds: whoever still writes has just been killed. */
    for (int round = 0; round < 256 && stream->descriptor >= 0; round++) {
        ssize_t count = read(stream->descriptor, stream->line + stream->used, sizeof stream->line - stream->used);
        if (count <= 0) break;
        stream->used += (size_t)count;
        consume(stream);
    }
    if (stream->used > 0) write_line(stream, 'F', stream->used);
    stream->used = 0;
}
