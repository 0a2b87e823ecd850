// A C interface to RE2, which matches regular expressions in time linear in the text, whatever the pattern.
#ifndef MILLRACE_CRE2_H
#define MILLRACE_CRE2_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cre2_pattern cre2_pattern;

/// A part of the text in bytes; `start` is negative where the group took no part in the match.
typedef struct {
  ptrdiff_t start;
  ptrdiff_t count;
} cre2_span;

/// Compiles a pattern with at most `memory` bytes for its automata. On failure returns NULL and writes a message of at
/// most `size` bytes with its end to `error`.
cre2_pattern *cre2_compile(const char *text, size_t count, int64_t memory, char *error, size_t size);
void cre2_free(cre2_pattern *pattern);
/// The number of groups in parentheses.
int cre2_groups(const cre2_pattern *pattern);
/// Searches from `from` on; fills the whole match and `spans - 1` groups. Safe from several threads at a time.
int cre2_search(
    const cre2_pattern *pattern, const char *text, size_t count, size_t from, cre2_span *found, int spans);

#ifdef __cplusplus
}
#endif

#endif
