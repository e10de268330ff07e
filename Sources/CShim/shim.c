#define _GNU_SOURCE
#include "apus_shim.h"
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct spec spec;
static struct child child;
static struct stream output = {.name = "stdout", .descriptor = -1};
static struct stream error = {.name = "stderr", .descriptor = -1};
static int clients[CLIENTS_MAX];
static int listener = -1;
static char started[160];

long long now_milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool file_write(const char *name, const char *text) {
    char temporary[64];
    size_t size = strlen(text);
    snprintf(temporary, sizeof temporary, "%s.new", name);
    int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) return false;
    bool whole = write(file, text, size) == (ssize_t)size && fsync(file) == 0;
    close(file);
    return whole && rename(temporary, name) == 0;
}

/* Tells the process that waits for the start how it went, and lets it go. */
static void answer(int pipe, const char *text) {
    if (write(pipe, text, strlen(text)) < 0) _exit(1);
    close(pipe);
}

/* The socket's name is relative: a whole path would often be longer than a socket's may be. */
static int listen_for_agents(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "shim.sock"};
    if (unlink(address.sun_path) < 0 && errno != ENOENT) return -1;
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return -1;
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) < 0 || listen(descriptor, CLIENTS_MAX) < 0) {
        close(descriptor);
        return -1;
    }
    return descriptor;
}

static void tell(int slot, const char *text) {
    size_t size = strlen(text);
    if (send(clients[slot], text, size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size) return;
    close(clients[slot]);
    clients[slot] = -1;
}

static void accept_agent(void) {
    int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0) return;
    struct ucred peer;
    socklen_t size = sizeof peer;
    bool known = getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0
        && (peer.uid == 0 || peer.uid == geteuid());
    for (int slot = 0; known && slot < CLIENTS_MAX; slot++) {
        if (clients[slot] >= 0) continue;
        clients[slot] = client;
        tell(slot, started);
        return;
    }
    close(client);
}

static void signal_child(const char *name) {
    static const struct { const char *name; int number; } signals[] = {
        {"TERM", SIGTERM}, {"INT", SIGINT}, {"QUIT", SIGQUIT}, {"HUP", SIGHUP}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2},
    };
    /* Until it has been waited for, the child's number cannot belong to another process. */
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (!strcmp(name, signals[i].name)) kill(child.pid, signals[i].number);
}

/* A request is one line and one packet: agents send nothing that does not fit. */
static void hear(int slot) {
    char text[256];
    ssize_t count = recv(clients[slot], text, sizeof text - 1, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) {
        close(clients[slot]);
        clients[slot] = -1;
        return;
    }
    text[count] = 0;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (!strncmp(line, "signal ", 7)) signal_child(line + 7);
        if (!strcmp(line, "kill")) kill(-child.pid, SIGKILL);
    }
}

static void close_stream(struct stream *stream) {
    close(stream->descriptor);
    stream->descriptor = -1;
}

/* True once the child has ended; grandchildren that became the shim's own are reaped too. */
static bool reap(int *status) {
    int other;
    pid_t pid;
    bool ended = false;
    while ((pid = waitpid(-1, &other, WNOHANG)) > 0) {
        if (pid != child.pid) continue;
        *status = other;
        ended = true;
    }
    return ended;
}

static void take_signals(int descriptor) {
    struct signalfd_siginfo info;
    while (read(descriptor, &info, sizeof info) == (ssize_t)sizeof info)
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) kill(child.pid, (int)info.ssi_signo);
}

static int serve(int signals) {
    int status = 0;
    while (!reap(&status)) {
        struct pollfd polled[4 + CLIENTS_MAX] = {
            {.fd = signals, .events = POLLIN},
            {.fd = listener, .events = POLLIN},
            {.fd = output.descriptor, .events = POLLIN},
            {.fd = error.descriptor, .events = POLLIN},
        };
        for (int slot = 0; slot < CLIENTS_MAX; slot++)
            polled[4 + slot] = (struct pollfd){.fd = clients[slot], .events = POLLIN};
        if (poll(polled, 4 + CLIENTS_MAX, -1) < 0) continue;
        if (polled[0].revents) take_signals(signals);
        if (polled[2].revents && !stream_read(&output)) close_stream(&output);
        if (polled[3].revents && !stream_read(&error)) close_stream(&error);
        for (int slot = 0; slot < CLIENTS_MAX; slot++)
            if (polled[4 + slot].revents) hear(slot);
        if (polled[1].revents) accept_agent();
    }
    return status;
}

/* Holds the child until it ends, and leaves its end behind in `exit`. */
static void hold(int signals) {
    int status = serve(signals);
    char text[96];
    snprintf(text, sizeof text, "%s %d %lld\n", WIFSIGNALED(status) ? "signalled" : "exited",
        WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), now_milliseconds());
    /* Those who watch are told first: a slow disk must not delay the news. */
    for (int slot = 0; slot < CLIENTS_MAX; slot++)
        if (clients[slot] >= 0) tell(slot, text);
    child_sweep(child.pid, &spec);
    stream_drain(&output);
    stream_drain(&error);
    /* Without room for the file the next agent reads "ended, and nobody knows how". */
    if (!file_write("exit", text)) unlink("exit.new");
    unlink("shim.sock");
}

static int block_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_SETMASK, &set, NULL) < 0) return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* In the detached process: starts the child and answers whoever waits for that. */
static _Noreturn void run(int waiting) {
    char text[300];
    int lock = open("lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) < 0) {
        answer(waiting, "lock: another shim holds this folder\n");
        _exit(1);
    }
    const char *fault = NULL;
    if (!spec_read(&spec, &fault)) {
        snprintf(text, sizeof text, "spec: %.250s\n", fault);
        answer(waiting, text);
        _exit(1);
    }
    int signals = block_signals();
    if (signals < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 || (listener = listen_for_agents()) < 0) {
        snprintf(text, sizeof text, "shim: %s\n", strerror(errno));
        answer(waiting, text);
        _exit(1);
    }
    for (int slot = 0; slot < CLIENTS_MAX; slot++) clients[slot] = -1;
    output_open(&spec);
    if (!child_start(&child, &spec)) {
        snprintf(text, sizeof text, "%s: %s\n", child.failed_step, strerror(child.failed_errno));
        unlink("shim.sock");
        answer(waiting, text);
        _exit(1);
    }
    snprintf(started, sizeof started, "started %d %llu %d %lld\n", (int)child.pid, child.start_time, (int)getpid(),
        now_milliseconds());
    if (!file_write("started", started)) {
        /* An instance that nobody could find again must not run. */
        snprintf(text, sizeof text, "started: %s\n", strerror(errno));
        child_sweep(child.pid, &spec);
        unlink("shim.sock");
        answer(waiting, text);
        _exit(1);
    }
    output.descriptor = child.output;
    error.descriptor = child.error;
    answer(waiting, "ok\n");
    hold(signals);
    _exit(0);
}

/* Keeps nothing of the agent open: not its sockets, and not the pipes it reads us by. */
static bool let_go(int kept) {
    int empty = open("/dev/null", O_RDWR);
    if (empty < 0) return false;
    for (int descriptor = 0; descriptor < 3; descriptor++)
        if (dup2(empty, descriptor) < 0) return false;
    if (kept > 3 && close_range(3, (unsigned)kept - 1, 0) < 0) return false;
    return close_range((unsigned)kept + 1, ~0u, 0) == 0;
}

int apus_shim_main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: apus shim FOLDER\n");
        return 64;
    }
    int waiting[2];
    if (chdir(argv[2]) < 0 || pipe2(waiting, O_CLOEXEC) < 0) {
        fprintf(stderr, "%s: %s\n", argv[2], strerror(errno));
        return 1;
    }
    pid_t first = fork();
    if (first < 0) {
        fprintf(stderr, "fork: %s\n", strerror(errno));
        return 1;
    }
    if (first == 0) {
        /* A session of its own, and a second fork so that it can never get a terminal. */
        pid_t second = setsid() < 0 ? -1 : fork();
        if (second != 0) _exit(second < 0 ? 1 : 0);
        if (!let_go(waiting[1])) _exit(1);
        run(waiting[1]);
    }
    close(waiting[1]);
    while (waitpid(first, NULL, 0) < 0 && errno == EINTR) {}
    char text[512];
    size_t used = 0;
    ssize_t count;
    while (used < sizeof text && (count = read(waiting[0], text + used, sizeof text - used)) != 0) {
        if (count < 0 && errno != EINTR) break;
        if (count > 0) used += (size_t)count;
    }
    if (used == 3 && !memcmp(text, "ok\n", 3)) return 0;
    fwrite(text, 1, used, stderr);
    return 1;
}
