#include "io/worker.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <semaphore.h>
#include "base/error.h"
#include "io/loop.h"

struct job {
	struct loop *loop;
	pthread_t ran_in;
	int runs;
	int answers;
	int order;
	sem_t *gate;
};

static int order;

static void run(void *user)
{
	struct job *job = user;

	if (job->gate != NULL) {
		sem_wait(job->gate);
	}
	job->ran_in = pthread_self();
	job->runs++;
	job->order = order++;
}

static void done(void *user)
{
	struct job *job = user;

	assert_true(loop_is_mine(job->loop));
	job->answers++;
}

static void done_last(void *user)
{
	struct job *job = user;

	done(user);
	loop_stop(job->loop);
}

static void test_answers_come_in_the_loop_in_order(void **state)
{
	struct error err = { 0 };
	struct worker *worker = worker_new("test", 8, &err);
	struct loop *loop = loop_new();
	struct job jobs[3] = { { .loop = loop }, { .loop = loop }, { .loop = loop } };

	(void)state;
	order = 0;
	for (int i = 0; i < 3; i++) {
		assert_true(worker_submit(worker, loop, run, i == 2 ? done_last : done, &jobs[i]));
		assert_int_equal(jobs[i].answers, 0);
	}
	loop_run(loop);

	for (int i = 0; i < 3; i++) {
		assert_int_equal(jobs[i].runs, 1);
		assert_int_equal(jobs[i].answers, 1);
		assert_int_equal(jobs[i].order, i);
		assert_false(pthread_equal(jobs[i].ran_in, pthread_self()));
	}
	worker_free(worker);
	loop_free(loop);
}

static void test_a_full_queue_says_no_and_takes_nothing(void **state)
{
	struct error err = { 0 };
	struct worker *worker = worker_new("test", 1, &err);
	sem_t gate;
	struct job jobs[3] = { { .gate = &gate }, { 0 }, { 0 } };
	bool taken = true;

	(void)state;
	sem_init(&gate, 0, 0);
	assert_true(worker_submit(worker, NULL, run, NULL, &jobs[0]));
	while (worker_waiting(worker) > 0) { /* until the worker holds the first one */
	}
	assert_true(worker_submit(worker, NULL, run, NULL, &jobs[1]));
	taken = worker_submit(worker, NULL, run, NULL, &jobs[2]);
	sem_post(&gate);
	worker_free(worker); /* runs what is queued */

	assert_false(taken);
	assert_int_equal(jobs[0].runs, 1);
	assert_int_equal(jobs[1].runs, 1);
	assert_int_equal(jobs[2].runs, 0);
	sem_destroy(&gate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers_come_in_the_loop_in_order),
		cmocka_unit_test(test_a_full_queue_says_no_and_takes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
