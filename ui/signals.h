/*
 * Signals become a poke: handlers count and wake the loop, nothing more. SIGTTIN, SIGTTOU and
 * SIGTSTP are ignored (the stub stops, not we), SIGPIPE is an error of the write that caused it.
 */
#ifndef UI_SIGNALS_H
#define UI_SIGNALS_H

#include <stdbool.h>

/* Catches HUP (unless ignored, as under nohup), TERM, INT and WINCH, before any thread is made. */
void signals_catch(void);
/* Readable when something was caught. */
int signals_fd(void);
void signals_clear(void);
/* True once for each time that the signal came (WINCH, HUP: once for any number). */
bool signals_take(int number);
/* As if it had come. */
void signals_note(int number);

#endif
