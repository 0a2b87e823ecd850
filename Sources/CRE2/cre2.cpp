#include "cre2.h"

#include <re2/re2.h>

#include <cstring>
#include <new>

struct cre2_pattern {
  re2::RE2 re;
  cre2_pattern(const re2::StringPiece &text, const re2::RE2::Options &options) : re(text, options) {}
};

static void copy(const std::string &message, char *error, size_t size) {
  if (size == 0) return;
  size_t count = message.size() < size - 1 ? message.size() : size - 1;
  std::memcpy(error, message.data(), count);
  error[count] = 0;
}

extern "C" cre2_pattern *cre2_compile(const char *text, size_t count, int64_t memory, char *error, size_t size) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(memory);
  cre2_pattern *pattern = new (std::nothrow) cre2_pattern(re2::StringPiece(text, count), options);
  if (pattern == nullptr) {
    copy("out of memory", error, size);
    return nullptr;
  }
  if (pattern->re.ok()) return pattern;
  copy(pattern->re.error(), error, size);
  delete pattern;
  return nullptr;
}

extern "C" void cre2_free(cre2_pattern *pattern) { delete pattern; }

extern "C" int cre2_groups(const cre2_pattern *pattern) { return pattern->re.NumberOfCapturingGroups(); }

extern "C" int cre2_search(
    const cre2_pattern *pattern, const char *text, size_t count, size_t from, cre2_span *found, int spans) {
  re2::StringPiece groups[10];
  if (spans > 10) spans = 10;
  re2::StringPiece whole(text, count);
  if (!pattern->re.Match(whole, from, count, re2::RE2::UNANCHORED, groups, spans)) return 0;
  for (int i = 0; i < spans; i++) {
    bool taken = groups[i].data() != nullptr;
    found[i].start = taken ? groups[i].data() - text : -1;
    found[i].count = taken ? static_cast<ptrdiff_t>(groups[i].size()) : 0;
  }
  return 1;
}
