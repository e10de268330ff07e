#define _GNU_SOURCE
#include "shim.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What the child sends to the shim when it cannot become the instance. */
struct failure {
    char step[32];
    int fault;
};

static void fail(int report, const char *step) {
    struct failure failure = {.fault = errno};
    strncpy(failure.step, step, sizeof failure.step - 1);
    /* The shim reads the end of the pipe as success, so a lost report would be a lie; there is
     * nobody left to tell, and the exit status tells it too. */
    if (write(report, &failure, sizeof failure) < 0) _exit(126);
    _exit(127);
}

static bool limit(int resource, long long value) {
    struct rlimit limit = {(rlim_t)value, (rlim_t)value};
    return setrlimit(resource, &limit) == 0;
}

static bool enter_cgroup(const char *folder) {
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/cgroup.procs", folder);
    if (length < 0 || (size_t)length >= sizeof path) return errno = ENAMETOOLONG, false;
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return false;
    bool entered = write(file, "0", 1) == 1;
    int fault = errno;
    close(file);
    errno = fault;
    return entered;
}

static void reset_signals(void) {
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child: becomes the instance, or reports which step failed. */
static _Noreturn void become(const struct spec *spec, pid_t shim, int output, int error, int report) {
    reset_signals();
    if (setsid() < 0) fail(report, "setsid");
    for (size_t i = 0; i < spec->cgroup_count; i++)
        if (!enter_cgroup(spec->cgroups[i])) fail(report, "cgroup");
    int program = -1;
    /* Opened while still privileged: the folders above Apus itself may be closed to the app. */
    if (spec->program && (program = open(spec->program, O_PATH | O_CLOEXEC)) < 0) fail(report, "program");
    if (!limit(RLIMIT_CORE, 0)) fail(report, "core limit");
    if (spec->files > 0 && !limit(RLIMIT_NOFILE, spec->files)) fail(report, "file limit");
    /* RLIMIT_DATA and not RLIMIT_AS: runtimes reserve address space that they never use. */
    if (spec->memory > 0 && !limit(RLIMIT_DATA, spec->memory)) fail(report, "memory limit");
    if (spec->nice != 0 && setpriority(PRIO_PROCESS, 0, spec->nice) < 0) fail(report, "nice");
    umask(022);
    int empty = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (empty < 0 || dup2(empty, 0) < 0 || dup2(output, 1) < 0 || dup2(error, 2) < 0) fail(report, "streams");
    if (spec->group >= 0) {
        gid_t group = (gid_t)spec->group;
        if (geteuid() == 0 && setgroups(0, NULL) < 0) fail(report, "groups");
        if (setresgid(group, group, group) < 0) fail(report, "group");
    }
    if (spec->user >= 0) {
        uid_t user = (uid_t)spec->user;
        if (setresuid(user, user, user) < 0) fail(report, "user");
        if (user != 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) fail(report, "privileges");
    }
    if (chdir(spec->directory) < 0) fail(report, "directory");
    /* After the change of user, which clears it. A shim that ended in between is noticed. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) fail(report, "death signal");
    if (getppid() != shim) _exit(125);
    environ = (char **)spec->environment;
    if (program >= 0)
        execveat(program, "", (char **)spec->arguments, environ, AT_EMPTY_PATH);
    else
        execvpe(spec->arguments[0], (char **)spec->arguments, environ);
    fail(report, "exec");
    _exit(127);
}

/* Waits for the report's pipe to close, which exec does. */
static bool await_exec(struct child *child, int report) {
    static struct failure failure;
    ssize_t count;
    do count = read(report, &failure, sizeof failure);
    while (count < 0 && errno == EINTR);
    if (count == 0) return true;
    child->failed_step = count == (ssize_t)sizeof failure ? failure.step : "start";
    child->failed_errno = count == (ssize_t)sizeof failure ? failure.fault : errno;
    int status;
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {}
    return false;
}

bool child_start(struct child *child, const struct spec *spec) {
    int output[2], error[2], report[2];
    child->failed_step = "pipe";
    if (pipe2(output, O_CLOEXEC) < 0 || pipe2(error, O_CLOEXEC) < 0 || pipe2(report, O_CLOEXEC) < 0) {
        child->failed_errno = errno;
        return false;
    }
    pid_t shim = getpid();
    child->pid = fork();
    if (child->pid < 0) {
        child->failed_step = "fork";
        child->failed_errno = errno;
        return false;
    }
    if (child->pid == 0) become(spec, shim, output[1], error[1], report[1]);
    close(output[1]);
    close(error[1]);
    close(report[1]);
    child->output = output[0];
    child->error = error[0];
    child->start_time = process_start_time(child->pid);
    bool started = await_exec(child, report[0]);
    close(report[0]);
    if (started && (fcntl(child->output, F_SETFL, O_NONBLOCK) < 0 || fcntl(child->error, F_SETFL, O_NONBLOCK) < 0)) {
        child->failed_step = "pipe";
        child->failed_errno = errno;
        kill(child->pid, SIGKILL);
        return false;
    }
    return started;
}

/* Signals every process that a file lists, one number a line or blank-separated. */
static int kill_listed(const char *path) {
    FILE *file = fopen(path, "re");
    if (!file) return 0;
    int killed = 0;
    for (long pid; fscanf(file, "%ld", &pid) == 1;)
        if (pid > 1 && pid != getpid() && kill((pid_t)pid, SIGKILL) == 0) killed++;
    fclose(file);
    return killed;
}

void child_sweep(pid_t pid, const struct spec *spec) {
    char path[PATH_MAX];
    kill(-pid, SIGKILL);
    /* Each round may uncover children of what it killed, which then become the shim's own. */
    for (int round = 0; round < 100; round++) {
        int killed = 0;
        for (size_t i = 0; i < spec->cgroup_count; i++) {
            int length = snprintf(path, sizeof path, "%s/cgroup.procs", spec->cgroups[i]);
            if (length > 0 && (size_t)length < sizeof path) killed += kill_listed(path);
        }
        int length = snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
        if (length > 0) killed += kill_listed(path);
        int status;
        pid_t reaped;
        while ((reaped = waitpid(-1, &status, WNOHANG)) > 0) killed++;
        if (killed == 0 && reaped < 0) return;
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
}

unsigned long long process_start_time(pid_t pid) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t count = read(file, text, sizeof text - 1);
    close(file);
    if (count <= 0) return 0;
    text[count] = 0;
    /* The name, in parentheses, may itself have blanks and parentheses: go from the last one. */
    char *field = strrchr(text, ')');
    for (int number = 2; field && number < 22; number++) {
        field = strchr(field + 1, ' ');
    }
    return field ? strtoull(field + 1, NULL, 10) : 0;
}
