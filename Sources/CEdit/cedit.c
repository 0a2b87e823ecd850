#include "cedit.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <editline/readline.h>

static const char *const *known;
static size_t known_count;
static size_t next_word;

/// Called again and again for the words that begin like `text`; 0 as `state` begins anew.
static char *complete(const char *text, int state) {
  if (state == 0) next_word = 0;
  size_t length = strlen(text);
  while (next_word < known_count) {
    const char *word = known[next_word++];
    if (strncmp(word, text, length) == 0) return strdup(word);
  }
  return NULL;
}

static char **complete_word(const char *text, int start, int end) {
  (void)start;
  (void)end;
  // No file names where nothing fits.
  rl_attempted_completion_over = 1;
  return rl_completion_matches(text, complete);
}

static void begin(void) {
  static int has_begun;
  if (has_begun) return;
  has_begun = 1;
  // So that characters beyond ASCII are edited as one.
  setlocale(LC_CTYPE, "");
  using_history();
}

char *cedit_read_line(const char *prompt) {
  begin();
  return readline(prompt);
}

void cedit_remember(const char *line, int max) {
  begin();
  add_history(line);
  stifle_history(max);
}

void cedit_load_history(const char *path, int max) {
  begin();
  read_history(path);
  stifle_history(max);
}

int cedit_save_history(const char *path) {
  begin();
  return write_history(path);
}

void cedit_complete_from(const char *const *words, size_t count) {
  begin();
  known = words;
  known_count = count;
  rl_attempted_completion_function = complete_word;
  rl_completion_append_character = '\0';
  // A dot parts a method from what it is called on.
  rl_basic_word_break_characters = " \t\n\"\\'`@$><=;|&{(.,[";
}
