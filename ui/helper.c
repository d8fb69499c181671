#include "helper.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

struct queue {
    struct job *first, *last;
};

struct helper {
    struct dln_wake wake; /* of the ui; a copy */
    pthread_t thread;
    pthread_mutex_t lock; /* guards waiting, ended, is_over */
    pthread_cond_t changed;
    struct queue waiting, ended;
    bool is_over;
};

static void push(struct queue *queue, struct job *job)
{
    job->next = NULL;
    if (queue->last) {
        queue->last->next = job;
    } else {
        queue->first = job;
    }
    queue->last = job;
}

static struct job *pop(struct queue *queue)
{
    struct job *job = queue->first;
    if (!job) return NULL;
    queue->first = job->next;
    if (!queue->first) queue->last = NULL;
    return job;
}

static void *run(void *argument)
{
    struct helper *helper = argument;
    (void)pthread_mutex_lock(&helper->lock);
    while (!helper->is_over) {
        struct job *job = pop(&helper->waiting);
        if (!job) {
            (void)pthread_cond_wait(&helper->changed, &helper->lock);
            continue;
        }
        (void)pthread_mutex_unlock(&helper->lock);
        job->run(job);
        (void)pthread_mutex_lock(&helper->lock);
        push(&helper->ended, job);
        dln_wake_poke(&helper->wake);
    }
    (void)pthread_mutex_unlock(&helper->lock);
    return NULL;
}

struct helper *helper_new(const struct dln_wake *wake)
{
    struct helper *helper = calloc(1, sizeof *helper);
    if (!helper) return NULL;
    helper->wake = *wake;
    (void)pthread_mutex_init(&helper->lock, NULL);
    (void)pthread_cond_init(&helper->changed, NULL);
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    const bool ok = pthread_create(&helper->thread, NULL, run, helper) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (ok) return helper;
    (void)pthread_cond_destroy(&helper->changed);
    (void)pthread_mutex_destroy(&helper->lock);
    free(helper);
    return NULL;
}

static void drop_all(struct queue *queue)
{
    for (struct job *job = pop(queue); job; job = pop(queue))
        job->drop(job);
}

void helper_free(struct helper *helper)
{
    if (!helper) return;
    (void)pthread_mutex_lock(&helper->lock);
    helper->is_over = true;
    (void)pthread_cond_signal(&helper->changed);
    (void)pthread_mutex_unlock(&helper->lock);
    (void)pthread_join(helper->thread, NULL);
    drop_all(&helper->waiting);
    drop_all(&helper->ended);
    (void)pthread_cond_destroy(&helper->changed);
    (void)pthread_mutex_destroy(&helper->lock);
    free(helper);
}

void helper_submit(struct helper *helper, struct job *job)
{
    (void)pthread_mutex_lock(&helper->lock);
    push(&helper->waiting, job);
    (void)pthread_cond_signal(&helper->changed);
    (void)pthread_mutex_unlock(&helper->lock);
}

void helper_collect(struct helper *helper, void *context)
{
    for (;;) {
        (void)pthread_mutex_lock(&helper->lock);
        struct job *job = pop(&helper->ended);
        (void)pthread_mutex_unlock(&helper->lock);
        if (!job) return;
        job->done(job, context);
    }
}
