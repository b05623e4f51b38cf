/* Shared by the C peers: a counter of allocations, a clock, and the loop around what is measured. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static unsigned long allocations;

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

void *malloc(size_t size) { allocations++; return __libc_malloc(size); }
void *calloc(size_t count, size_t size) { allocations++; return __libc_calloc(count, size); }
void *realloc(void *old, size_t size) { allocations++; return __libc_realloc(old, size); }

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

static char *message;
static size_t message_length;

static void read_message(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) { perror(path); exit(2); }
    message = malloc(65536);
    message_length = fread(message, 1, 65535, file);
    message[message_length] = 0;
    fclose(file);
}

/* Runs `once` so often that it takes a while, and prints: name, nanoseconds and allocations a run (the best of five). */
static void measure(const char *name, void (*once)(void), long runs) {
    double best = 1e9;
    unsigned long before = 0, after = 0;
    for (int round = 0; round < 5; round++) {
        before = allocations;
        double start = seconds();
        for (long i = 0; i < runs; i++) once();
        double took = seconds() - start;
        after = allocations;
        if (took < best) best = took;
    }
    printf("%s %.1f %.2f\n", name, best / runs * 1e9, (double)(after - before) / runs);
}
