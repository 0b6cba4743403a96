/*
 * warden: process 1 of every container that Lilypad runs.
 *
 *   warden CPU_NS WALL_MS LOG_BYTES OUTPUT_BYTES -- program [argument...]
 *
 * It starts the program, enforces what the engine cannot (CPU time, wall clock, the exact length of
 * the logs), reaps, and in the end hands everything out as lines on its own standard output, which
 * the engine keeps in its log. So a result outlives the agent, needs no writable directory of the host, and the
 * deadline holds while no agent is watching.
 *
 *   o BASE64              bytes of the program's stdout         d BASE64   a directory under /outputs
 *   e BASE64              bytes of its stderr                   f BASE64   a file there ...
 *   x HOW CODE CPU_NS N   the end, after N other lines          c BASE64   ... and its next bytes
 *
 * HOW is one of: exit (CODE is the exit code, 128 + n after signal n), budget (CPU time or wall clock
 * used up), memory (the kernel killed something for want of memory), outputs (more than
 * OUTPUT_BYTES, as sparse files and hard links can claim), exec (CODE is the errno of a program that cannot be started).
 * Only exit carries d, f and c lines.
 *
 * The program runs as the same user. It cannot reach in here all the same: process 1 ignores signals from
 * its own namespace, and a process that is not dumpable can be neither traced nor opened through /proc.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    CHUNK = 12000,    /* bytes in one line: 16,000 characters, below the 16 KiB at which engines split */
    TICK_MS = 10,     /* how often the limits are looked at */
    FLUSH_MS = 100,   /* how long a few bytes of log may wait for more */
    MAX_DEPTH = 64,   /* of directories under /outputs */
    MAX_PATH = 2048,
    FAULT = 99,       /* our exit code when there is no result */
};

struct stream {
    char tag;
    int fd;
    int64_t left; /* bytes that may still be kept */
    int64_t since; /* when the oldest waiting byte came */
    size_t waiting;
    unsigned char bytes[CHUNK];
};

static struct stream out = {.tag = 'o'}, err = {.tag = 'e'};
static char line[CHUNK / 3 * 4 + 8];
static unsigned char block[CHUNK];
static int64_t frames;
static int cpu_fd = -1, memory_fd = -1, cgroup_v2;

static void fault(const char *what) {
    dprintf(2, "warden: %s: %s\n", what, strerror(errno));
    _exit(FAULT);
}

static void put(const char *data, size_t length) {
    while (length) {
        ssize_t n = write(1, data, length);
        if (n < 0 && errno != EINTR) fault("write");
        if (n > 0) data += n, length -= (size_t)n;
    }
}

static void frame(char tag, const unsigned char *data, size_t length) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *p = line;
    *p++ = tag, *p++ = ' ';
    for (size_t i = 0; i < length; i += 3) {
        size_t have = length - i;
        uint32_t v = (uint32_t)data[i] << 16 | (have > 1 ? data[i + 1] << 8 : 0) | (have > 2 ? data[i + 2] : 0);
        *p++ = digits[v >> 18], *p++ = digits[v >> 12 & 63];
        *p++ = have > 1 ? digits[v >> 6 & 63] : '=', *p++ = have > 2 ? digits[v & 63] : '=';
    }
    *p++ = '\n';
    put(line, (size_t)(p - line));
    frames++;
}

static _Noreturn void end(const char *how, int code, int64_t cpu) {
    char text[96];
    int n = snprintf(text, sizeof text, "x %s %d %lld %lld\n", how, code, (long long)cpu, (long long)frames);
    put(text, (size_t)n);
    _exit(0);
}

/* -- clocks and counters ------------------------------------------------------------------------ */

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void open_counters(void) {
    cpu_fd = open("/sys/fs/cgroup/cpuacct/cpuacct.usage", O_RDONLY | O_CLOEXEC);
    if (cpu_fd < 0) cpu_fd = open("/sys/fs/cgroup/cpu,cpuacct/cpuacct.usage", O_RDONLY | O_CLOEXEC);
    if (cpu_fd >= 0) {
        memory_fd = open("/sys/fs/cgroup/memory/memory.oom_control", O_RDONLY | O_CLOEXEC);
    } else {
        cgroup_v2 = 1;
        cpu_fd = open("/sys/fs/cgroup/cpu.stat", O_RDONLY | O_CLOEXEC);
        memory_fd = open("/sys/fs/cgroup/memory.events", O_RDONLY | O_CLOEXEC);
    }
    if (cpu_fd < 0 || memory_fd < 0) fault("the container does not see its control group");
}

/* The number behind `key` in a kernel table of "key number" lines; with no key, the first number. */
static int64_t counter(int fd, const char *key) {
    char text[2048];
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    if (n < 0) fault("control group");
    text[n] = 0;
    if (!*key) return strtoll(text, NULL, 10);
    for (char *p = text; p; p = strchr(p, '\n')) {
        if (*p == '\n') p++;
        size_t length = strlen(key);
        if (!strncmp(p, key, length) && p[length] == ' ') return strtoll(p + length, NULL, 10);
    }
    fault(key);
    return 0;
}

static int64_t cpu_ns(void) {
    return cgroup_v2 ? counter(cpu_fd, "usage_usec") * 1000 : counter(cpu_fd, "");
}

/* -- the program and its logs ------------------------------------------------------------------- */

static void flush_log(struct stream *s) {
    if (s->waiting) frame(s->tag, s->bytes, s->waiting);
    s->waiting = 0;
}

/* Take what the pipe holds; keep no more than is allowed. False when there is nothing to be had now. */
static int relay(struct stream *s) {
    ssize_t n = s->fd < 0 ? 0 : read(s->fd, block, sizeof block);
    if (n == 0 && s->fd >= 0) close(s->fd), s->fd = -1;
    if (n <= 0) return 0;
    int64_t keep = n < s->left ? n : s->left;
    s->left -= keep;
    for (int64_t i = 0; i < keep; i++) {
        if (!s->waiting) s->since = now_ms();
        s->bytes[s->waiting++] = block[i];
        if (s->waiting == CHUNK) flush_log(s);
    }
    return 1;
}

static pid_t start(char **argv, int *exec_errno) {
    int o[2], e[2], failed[2];
    if (pipe2(o, O_CLOEXEC) || pipe2(e, O_CLOEXEC) || pipe2(failed, O_CLOEXEC)) fault("pipe");
    pid_t child = fork();
    if (child < 0) fault("fork");
    if (child == 0) {
        prctl(PR_SET_DUMPABLE, 1);
        int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
        if (score >= 0) dprintf(score, "1000"); /* die of want of memory before process 1 does */
        setsid();
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        dup2(null, 0), dup2(o[1], 1), dup2(e[1], 2);
        execvp(argv[0], argv);
        int why = errno;
        (void)!write(failed[1], &why, sizeof why);
        _exit(127);
    }
    close(o[1]), close(e[1]), close(failed[1]);
    if (read(failed[0], exec_errno, sizeof *exec_errno) != sizeof *exec_errno) *exec_errno = 0;
    close(failed[0]);
    out.fd = o[0], err.fd = e[0];
    fcntl(o[0], F_SETFL, O_NONBLOCK), fcntl(e[0], F_SETFL, O_NONBLOCK);
    return child;
}

/* Until the program ends or a limit is reached. Returns its wait status, or -1. */
static int supervise(pid_t child, int64_t cpu_limit, int64_t deadline_ms) {
    int64_t checked = 0;
    for (;;) {
        struct pollfd fds[2] = {{out.fd, POLLIN, 0}, {err.fd, POLLIN, 0}};
        poll(fds, 2, TICK_MS);
        relay(&out), relay(&err);
        int64_t now = now_ms();
        if (now - checked < TICK_MS) continue;
        checked = now;
        if (out.waiting && now - out.since >= FLUSH_MS) flush_log(&out);
        if (err.waiting && now - err.since >= FLUSH_MS) flush_log(&err);
        if (cpu_ns() >= cpu_limit || now >= deadline_ms) return -1;
        int status;
        for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
            if (pid == child) return status;
    }
}

static void kill_everything(void) {
    while (kill(-1, SIGKILL) == 0 || errno != ESRCH)
        while (waitpid(-1, NULL, 0) > 0) {}
}

/* -- what it leaves behind ---------------------------------------------------------------------- */

static void hand_out_file(int dir, const char *name) {
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) fault(name);
    for (ssize_t n; (n = read(fd, block, sizeof block)) != 0;) {
        if (n < 0) fault(name);
        frame('c', block, (size_t)n);
    }
    close(fd);
}

/*
 * Walk a directory: count the bytes of its files and, when `emit`, hand everything out. Only directories and
 * regular files exist for us. Returns -1 when it is too deep. Nothing else runs any more, so what
 * fstatat saw is still there when it is opened.
 */
static int64_t walk(int dir, char *path, size_t length, int depth, int emit) {
    int64_t total = 0;
    DIR *entries = fdopendir(dir);
    if (!entries) fault("opendir");
    for (struct dirent *entry; (entry = readdir(entries));) {
        struct stat st;
        size_t size = strlen(entry->d_name);
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        if (fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW)) fault(entry->d_name);
        if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) continue;
        if (depth == MAX_DEPTH || length + size + 1 > MAX_PATH) return -1;
        if (fchmodat(dir, entry->d_name, S_ISDIR(st.st_mode) ? 0700 : 0600, 0)) fault(entry->d_name);
        memcpy(path + length, entry->d_name, size);
        if (emit) frame(S_ISDIR(st.st_mode) ? 'd' : 'f', (unsigned char *)path, length + size);
        if (S_ISREG(st.st_mode)) {
            if (emit) hand_out_file(dir, entry->d_name);
            if (__builtin_add_overflow(total, st.st_size, &total)) return -1;
        } else {
            int child = openat(dir, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (child < 0) fault(entry->d_name);
            path[length + size] = '/';
            int64_t below = walk(child, path, length + size + 1, depth + 1, emit);
            if (below < 0 || __builtin_add_overflow(total, below, &total)) return -1;
        }
    }
    closedir(entries);
    return total;
}

static int64_t outputs(int emit) {
    static char path[MAX_PATH + 1];
    chmod("/outputs", 0700);
    int dir = open("/outputs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) fault("/outputs");
    return walk(dir, path, 0, 0, emit);
}

int main(int argc, char **argv) {
    if (getpid() != 1 || argc < 7) errno = EINVAL, fault("usage: process 1 of a container");
    if (prctl(PR_SET_DUMPABLE, 0)) fault("prctl");
    (void)mlockall(MCL_CURRENT); /* if we may */
    open_counters();
    int64_t cpu_limit = atoll(argv[1]), deadline = now_ms() + atoll(argv[2]), output_limit = atoll(argv[4]);
    out.left = err.left = atoll(argv[3]);
    const char *oom = "oom_kill";
    int64_t before = cpu_ns();
    int exec_errno;
    pid_t child = start(argv + 6, &exec_errno);
    if (exec_errno) end("exec", exec_errno, 0);
    int status = supervise(child, before + cpu_limit, deadline);
    kill_everything();
    int64_t used = cpu_ns() - before;
    if (counter(memory_fd, oom) > 0) end("memory", 0, used);
    if (status == -1 || used >= cpu_limit || now_ms() >= deadline) end("budget", 0, used);
    while (relay(&out) || relay(&err)) {}
    flush_log(&out), flush_log(&err);
    int64_t total = outputs(0);
    if (total < 0 || total > output_limit) end("outputs", 0, used);
    outputs(1);
    end("exit", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), used);
}
