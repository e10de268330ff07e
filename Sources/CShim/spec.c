#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char bytes[SPEC_BYTES_MAX + 1];

static bool number(const char *text, long long min, long long max, long long *value) {
    char *end = NULL;
    errno = 0;
    *value = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == 0 && *value >= min && *value <= max;
}

static bool small_number(const char *text, int min, int max, int *value) {
    long long wide = 0;
    if (!number(text, min, max, &wide)) return false;
    *value = (int)wide;
    return true;
}

/* One record, `KEY VALUE`. A record that is not known is refused: an older shim must not run
 * an instance without a limit that a newer agent asked for. */
static bool take(struct spec *spec, const char *key, char *value) {
    const long long id_max = 4294967294LL;
    if (!strcmp(key, "version")) return !strcmp(value, "1");
    if (!strcmp(key, "arg")) {
        if (spec->argument_count == WORDS_MAX) return false;
        spec->arguments[spec->argument_count++] = value;
        return true;
    }
    if (!strcmp(key, "env")) {
        if (spec->environment_count == WORDS_MAX || !strchr(value, '=') || *value == '=') return false;
        spec->environment[spec->environment_count++] = value;
        return true;
    }
    if (!strcmp(key, "cgroup")) {
        if (spec->cgroup_count == CGROUPS_MAX || *value != '/') return false;
        spec->cgroups[spec->cgroup_count++] = value;
        return true;
    }
    if (!strcmp(key, "program")) return spec->program = value, *value == '/';
    if (!strcmp(key, "directory")) return spec->directory = value, *value == '/';
    if (!strcmp(key, "output")) return spec->output = value, *value == '/';
    if (!strcmp(key, "output-bytes")) return number(value, 1, 1LL << 50, &spec->output_bytes_max);
    if (!strcmp(key, "output-files")) return small_number(value, 0, 99, &spec->output_files);
    if (!strcmp(key, "uid")) return number(value, 0, id_max, &spec->user);
    if (!strcmp(key, "gid")) return number(value, 0, id_max, &spec->group);
    if (!strcmp(key, "nofile")) return number(value, 1, 1LL << 30, &spec->files);
    if (!strcmp(key, "memory")) return number(value, 1, 1LL << 50, &spec->memory);
    if (!strcmp(key, "nice")) return small_number(value, -20, 19, &spec->nice);
    return false;
}

static ssize_t read_file(const char *name) {
    int file = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0) return -1;
    size_t used = 0;
    while (used < sizeof bytes) {
        ssize_t count = read(file, bytes + used, sizeof bytes - used);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) {
            int fault = errno;
            close(file);
            errno = fault;
            return -1;
        }
        if (count == 0) break;
        used += (size_t)count;
    }
    close(file);
    return (ssize_t)used;
}

bool spec_read(struct spec *spec, const char **fault) {
    spec->user = spec->group = spec->files = spec->memory = -1;
    ssize_t size = read_file("spec");
    if (size < 0) return *fault = strerror(errno), false;
    if (size > SPEC_BYTES_MAX) return *fault = "it is larger than 1 MiB", false;
    if (size == 0 || bytes[size - 1] != 0) return *fault = "it ends in the middle of a record", false;
    for (char *record = bytes; record < bytes + size; ) {
        char *next = record + strlen(record) + 1;
        char *space = strchr(record, ' ');
        if (!space) return *fault = "it has a record without a value", false;
        *space = 0;
        if (!take(spec, record, space + 1)) {
            *space = ' ';
            return *fault = record, false;
        }
        record = next;
    }
    if (spec->argument_count == 0 || !spec->directory || !spec->output || spec->output_bytes_max == 0)
        return *fault = "arg, directory, output or output-bytes is missing", false;
    return true;
}
