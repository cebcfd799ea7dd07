#include "io/signal.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "base/memory.h"
#include "io/loop.h"

struct signals {
	int fd;
	struct event event;
	signals_fn *fn;
	void *user;
};

void signals_ignore_pipe(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	sigaction(SIGPIPE, &ignore, NULL);
}

static void on_signal(evutil_socket_t fd, short events, void *user)
{
	struct signals *signals = user;
	struct signalfd_siginfo info;

	(void)events;
	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		signals->fn(signals->user, (int)info.ssi_signo);
	}
}

struct signals *signals_new(
	struct loop *loop, const int *numbers, size_t count, signals_fn *fn, void *user)
{
	struct signals *signals = must_calloc(1, sizeof(*signals));
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < count; i++) {
		sigaddset(&set, numbers[i]);
	}
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signals_ignore_pipe();
	signals->fn = fn;
	signals->user = user;
	signals->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (signals->fd < 0) {
		perror("signalfd");
		abort();
	}
	event_assign(&signals->event, loop_base(loop), signals->fd, EV_READ | EV_PERSIST, on_signal,
		signals);
	event_add(&signals->event, NULL);
	return signals;
}

void signals_free(struct signals *signals)
{
	if (signals == NULL) {
		return;
	}
	event_del(&signals->event);
	close(signals->fd);
	memory_free(signals);
}
