#pragma once
#include <stddef.h>

/// The line editor of libedit behind its few calls that a prompt needs. One prompt a process.

/// Reads a line from the terminal, without its line break; NULL at its end. The caller frees it.
char *cedit_read_line(const char *prompt);

/// Puts a line into the history, of which the last `max` are kept.
void cedit_remember(const char *line, int max);

/// Reads the history of a file; a file that is not there is an empty one.
void cedit_load_history(const char *path, int max);

/// Writes the history to a file; 0 where that worked, otherwise what errno says.
int cedit_save_history(const char *path);

/// What the tab key completes from: words that stay where they are.
void cedit_complete_from(const char *const *words, size_t count);
