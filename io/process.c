#include "io/process.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/memory.h"
#include "io/loop.h"
#include "io/signal.h"

/*
 * posix_spawn(), because a fork() of a program with threads may do next to nothing before its exec.
 * The end is seen through a pidfd: no SIGCHLD, which belongs to nobody in a library. Where there is
 * none (an old kernel, a strict sandbox, valgrind 3.19) it is asked for every 10 ms.
 *
 * The result is complete when the child has ended and both outputs are at their end. What is left
 * of its group is killed with it; a grandchild that left the group and holds an output open is
 * waited for a second.
 */

#define TIMEOUT_MS 30000
#define OUTPUT_BYTES (1024 * 1024)
#define AFTER_END_MS 1000
#define POLL_MS 10
#define CANCEL_MS 50
#define READ_BYTES (64 * 1024)

struct pipe_end {
	int fd; /* -1: closed */
	struct event event;
	struct buf buf;
	struct child *child;
};

struct child {
	struct loop *loop;
	process_done_fn *done;
	void *user;
	pid_t pid;
	int pidfd;
	struct event ended;
	struct loop_timer poll;
	bool has_ended;
	struct loop_timer timer;
	struct loop_timer cancel;
	const bool *cancelled;
	struct pipe_end input;
	size_t written;
	struct pipe_end output;
	struct pipe_end errors;
	size_t limit;
	enum process_outcome outcome;
	int status;
	char message[256];
};

/* ---- end ---- */

static void close_end(struct pipe_end *end)
{
	if (end->fd >= 0) {
		event_del(&end->event);
		close(end->fd);
		end->fd = -1;
	}
}

static void explain(struct child *child)
{
	if (child->message[0] != '\0') {
		return;
	}
	if (child->outcome == PROCESS_EXITED) {
		snprintf(child->message, sizeof(child->message), "it exited with status %d",
			child->status);
	} else {
		snprintf(child->message, sizeof(child->message), "it was ended by signal %d (%s)",
			child->status, strsignal(child->status));
	}
}

static void finish(void *user)
{
	struct child *child = user;
	struct process_result result = {
		.outcome = child->outcome,
		.status = child->status,
		.output = buf_text(&child->output.buf),
		.output_size = child->output.buf.size,
		.errors = buf_text(&child->errors.buf),
		.errors_size = child->errors.buf.size,
		.message = child->message,
	};

	explain(child);
	child->done(child->user, &result);
	buf_fini(&child->input.buf);
	buf_fini(&child->output.buf);
	buf_fini(&child->errors.buf);
	memory_free(child);
}

static void check_finished(struct child *child)
{
	if (!child->has_ended || child->output.fd >= 0 || child->errors.fd >= 0) {
		return;
	}
	close_end(&child->input);
	loop_timer_fini(&child->timer);
	loop_timer_fini(&child->poll);
	loop_timer_fini(&child->cancel);
	finish(child);
}

static void kill_all(struct child *child, enum process_outcome outcome, const char *why)
{
	if (child->message[0] == '\0') {
		child->outcome = outcome;
		snprintf(child->message, sizeof(child->message), "%s", why);
	}
	kill(-child->pid, SIGKILL);
}

static void on_cancel(void *user)
{
	struct child *child = user;

	if (__atomic_load_n(child->cancelled, __ATOMIC_RELAXED)) {
		kill_all(child, PROCESS_TIMEOUT, "it was no longer wanted and was killed");
	} else {
		loop_timer_start(&child->cancel, CANCEL_MS);
	}
}

static void on_timer(void *user)
{
	struct child *child = user;

	if (!child->has_ended) {
		kill_all(child, PROCESS_TIMEOUT, "it did not finish in time and was killed");
		return; /* on_ended() follows */
	}
	close_end(&child->output); /* held open by a grandchild that left the group */
	close_end(&child->errors);
	check_finished(child);
}

/* False: it has not ended. */
static bool take_end(struct child *child)
{
	siginfo_t info = { 0 };
	int status = 0;

	if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
		info.si_pid != child->pid) {
		return false;
	}
	kill(-child->pid, SIGKILL); /* as long as there is a zombie, the number is its own */
	waitpid(child->pid, &status, 0);
	child->has_ended = true;
	if (child->message[0] == '\0') { /* not by us */
		bool exited = WIFEXITED(status);
		child->outcome = exited ? PROCESS_EXITED : PROCESS_SIGNALED;
		child->status = exited ? WEXITSTATUS(status) : WTERMSIG(status);
	}
	loop_timer_start(&child->timer, AFTER_END_MS);
	return true;
}

static void on_ended(evutil_socket_t fd, short events, void *user)
{
	struct child *child = user;

	(void)events;
	if (take_end(child)) {
		event_del(&child->ended);
		close(fd);
		check_finished(child);
	}
}

static void on_poll(void *user)
{
	struct child *child = user;

	if (take_end(child)) {
		check_finished(child);
	} else {
		loop_timer_start(&child->poll, POLL_MS);
	}
}

/* ---- pipes ---- */

static void on_output(evutil_socket_t fd, short events, void *user)
{
	struct pipe_end *end = user;
	struct child *child = end->child;

	(void)events;
	buf_reserve(&end->buf, READ_BYTES);
	ssize_t got = read(fd, end->buf.data + end->buf.size, READ_BYTES);

	if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
		return;
	}
	if (got <= 0) {
		close_end(end);
		check_finished(child);
		return;
	}
	end->buf.size += (size_t)got;
	if (end->buf.size > child->limit) {
		end->buf.size = child->limit;
		end->buf.data[end->buf.size] = '\0';
		close_end(end);
		if (!child->has_ended) {
			kill_all(child, PROCESS_TOO_LARGE, "it wrote too much and was killed");
		}
		check_finished(child);
		return;
	}
	end->buf.data[end->buf.size] = '\0';
}

static void on_input(evutil_socket_t fd, short events, void *user)
{
	struct pipe_end *end = user;
	struct child *child = end->child;

	(void)events;
	ssize_t sent = write(fd, end->buf.data + child->written, end->buf.size - child->written);

	if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
		return;
	}
	child->written += sent > 0 ? (size_t)sent : 0;
	if (sent < 0 || child->written == end->buf.size) { /* it may end without reading all */
		close_end(end);
	}
}

static void watch(struct child *child, struct pipe_end *end, short events, event_callback_fn fn)
{
	end->child = child;
	fcntl(end->fd, F_SETFL, O_NONBLOCK);
	event_assign(&end->event, loop_base(child->loop), end->fd, events | EV_PERSIST, fn, end);
	event_add(&end->event, NULL);
}

/* ---- start ---- */

struct pipes {
	int input[2];
	int output[2];
	int errors[2];
};

static void close_pipes(struct pipes *pipes)
{
	int *fds = (int *)pipes;

	for (size_t i = 0; i < sizeof(*pipes) / sizeof(int); i++) {
		if (fds[i] >= 0) {
			close(fds[i]);
		}
	}
}

static bool open_pipes(struct pipes *pipes)
{
	memset(pipes, 0xff, sizeof(*pipes));
	return pipe2(pipes->input, O_CLOEXEC) == 0 && pipe2(pipes->output, O_CLOEXEC) == 0 &&
	       pipe2(pipes->errors, O_CLOEXEC) == 0;
}

/* "NAME=value" of the names that a program can hardly do without. In memory of the caller. */
#define DEFAULTS 4
static void default_environment(struct buf *memory, char *list[DEFAULTS])
{
	const char *path = getenv("PATH");
	const char *home = getenv("HOME");
	size_t count = 0;

	buf_printf(memory, "PATH=%s", path != NULL ? path : "/usr/local/bin:/usr/bin:/bin");
	buf_append(memory, "", 1);
	size_t second = memory->size;
	buf_printf(memory, "HOME=%s", home != NULL ? home : "/");
	buf_append(memory, "", 1);
	list[count++] = memory->data;
	list[count++] = memory->data + second;
	list[count++] = (char *)"LANG=C.UTF-8";
	list[count] = NULL;
}

static int prepare(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes,
	const struct pipes *pipes, const char *folder)
{
	sigset_t none;
	sigset_t all;
	int failed = 0;

	sigemptyset(&none);
	sigfillset(&all);
	failed |= posix_spawn_file_actions_adddup2(actions, pipes->input[0], 0);
	failed |= posix_spawn_file_actions_adddup2(actions, pipes->output[1], 1);
	failed |= posix_spawn_file_actions_adddup2(actions, pipes->errors[1], 2);
	failed |= posix_spawn_file_actions_addclosefrom_np(actions, 3);
	if (folder != NULL) {
		failed |= posix_spawn_file_actions_addchdir_np(actions, folder);
	}
	failed |= posix_spawnattr_setsigmask(attributes, &none);
	failed |= posix_spawnattr_setsigdefault(attributes, &all);
	failed |= posix_spawnattr_setpgroup(attributes, 0);
	failed |= posix_spawnattr_setflags(
		attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	return failed;
}

static int spawn(struct child *child, const struct process_options *options, struct pipes *pipes)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	struct buf memory = { 0 };
	char *defaults[DEFAULTS];

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	int failed = prepare(&actions, &attributes, pipes, options->folder);
	default_environment(&memory, defaults);
	char *const *environment =
		options->environment != NULL ? (char *const *)options->environment : defaults;

	if (failed == 0) {
		failed = posix_spawnp(&child->pid, options->argv[0], &actions, &attributes,
			(char *const *)options->argv, environment);
	}
	if (failed == 0 && options->file_bytes > 0) {
		const struct rlimit limit = { options->file_bytes, options->file_bytes };

		prlimit(child->pid, RLIMIT_FSIZE, &limit, NULL);
	}
	buf_fini(&memory);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return failed;
}

static void fail(struct child *child, enum process_outcome outcome, const char *what, int why)
{
	child->outcome = outcome;
	snprintf(child->message, sizeof(child->message), "%s: %s", what, strerror(why));
	loop_post(child->loop, finish, child); /* never from inside process_start() */
}

static bool is_folder(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static int take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

static void watch_child(struct child *child, struct pipes *pipes, int64_t timeout_ms)
{
	child->output.fd = take(&pipes->output[0]);
	child->errors.fd = take(&pipes->errors[0]);
	watch(child, &child->output, EV_READ, on_output);
	watch(child, &child->errors, EV_READ, on_output);
	if (child->input.buf.size > 0) {
		child->input.fd = take(&pipes->input[1]);
		watch(child, &child->input, EV_WRITE, on_input);
	}
	loop_timer_init(&child->poll, child->loop, on_poll, child);
	child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
	if (child->pidfd >= 0) {
		event_assign(&child->ended, loop_base(child->loop), child->pidfd,
			EV_READ | EV_PERSIST, on_ended, child);
		event_add(&child->ended, NULL);
	} else {
		loop_timer_start(&child->poll, POLL_MS);
	}
	loop_timer_init(&child->timer, child->loop, on_timer, child);
	loop_timer_start(&child->timer, timeout_ms > 0 ? timeout_ms : TIMEOUT_MS);
	loop_timer_init(&child->cancel, child->loop, on_cancel, child);
	if (child->cancelled != NULL) {
		loop_timer_start(&child->cancel, CANCEL_MS);
	}
}

void process_start(
	struct loop *loop, const struct process_options *options, process_done_fn *done, void *user)
{
	struct child *child = must_calloc(1, sizeof(*child));
	struct pipes pipes;

	signals_ignore_pipe(); /* a child that does not read its input is no reason to end */
	child->loop = loop;
	child->done = done;
	child->user = user;
	child->cancelled = options->cancelled;
	child->limit = options->output_bytes > 0 ? options->output_bytes : OUTPUT_BYTES;
	child->input.fd = child->output.fd = child->errors.fd = -1;
	buf_append(&child->input.buf, options->input, options->input_size);
	if (options->folder != NULL && !is_folder(options->folder)) {
		fail(child, PROCESS_FAILED, options->folder, ENOTDIR);
		return;
	}
	if (!open_pipes(&pipes)) {
		fail(child, PROCESS_FAILED, "pipe", errno);
		close_pipes(&pipes);
		return;
	}
	int failed = spawn(child, options, &pipes);

	if (failed != 0) {
		fail(child, failed == ENOENT ? PROCESS_NOT_FOUND : PROCESS_FAILED, options->argv[0],
			failed);
	} else {
		watch_child(child, &pipes, options->timeout_ms);
	}
	close_pipes(&pipes);
}
