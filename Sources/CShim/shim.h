/* What the parts of the shim share. The shim allocates nothing: all of its memory is here, and
 * pages that a small instance does not need are never touched. */
#ifndef SHIM_H
#define SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
    SPEC_BYTES_MAX = 1 << 20,
    WORDS_MAX = 4096,
    CGROUPS_MAX = 8,
    CLIENTS_MAX = 8,
    LINE_BYTES_MAX = 16 << 10,
};

/* What to run and how, as the agent wrote it. */
struct spec {
    char *arguments[WORDS_MAX + 1];
    char *environment[WORDS_MAX + 1];
    const char *program;
    const char *directory;
    const char *output;
    const char *cgroups[CGROUPS_MAX];
    size_t argument_count;
    size_t environment_count;
    size_t cgroup_count;
    long long output_bytes_max;
    int output_files;
    long long user;
    long long group;
    long long files;
    long long memory;
    int nice;
};

/* Reads the file `spec` of the working directory. On failure says why in `fault`. */
bool spec_read(struct spec *spec, const char **fault);

/* A started child. The step and errno say where the start failed. */
struct child {
    pid_t pid;
    unsigned long long start_time;
    int output;
    int error;
    const char *failed_step;
    int failed_errno;
};

bool child_start(struct child *child, const struct spec *spec);
/* Kills what the child left behind: its group, its cgroups and every descendant. */
void child_sweep(pid_t pid, const struct spec *spec);
/* Field 22 of /proc/PID/stat: clock ticks from boot to the start of the process; 0 if unknown. */
unsigned long long process_start_time(pid_t pid);

/* One of the child's two streams, cut into lines. */
struct stream {
    int descriptor;
    const char *name;
    size_t used;
    char line[LINE_BYTES_MAX];
};

void output_open(const struct spec *spec);
/* Reads once; false at the end of the stream. */
bool stream_read(struct stream *stream);
/* Reads what is there now, and writes out a last line without an end. */
void stream_drain(struct stream *stream);

/* Writes a file of the working directory whole or not at all. */
bool file_write(const char *name, const char *text);
long long now_milliseconds(void);

#endif
