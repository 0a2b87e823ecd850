// Records of a known shape. This file is one to fuzz.
#include "json.h"
#include "utf8.h"

_Static_assert(sizeof(struct json_state) == 64, "a state is a line of the cache");

/// What is rarely called keeps the registers of the loop that calls it.
#if defined(__x86_64__) || defined(__aarch64__)
#define RARE __attribute__((noinline, preserve_most)) static
#else
#define RARE __attribute__((noinline)) static
#endif

/// How long a value is, in bytes, and from bit 56 on its kind or its flags; NO_VALUE where it is none.
#define SPAN(length, what) ((uint64_t)(length) | (uint64_t)(what) << 56)
#define NO_VALUE UINT64_MAX
#define LENGTH(span) ((span) & UINT32_MAX)
#define WHAT(span) ((span) >> 56)

/// Any number or word.
RARE uint64_t rare_scalar(const uint8_t *p) {
  const uint8_t *end = p;
  bool is_number = *p == '-' || (uint8_t)(*p - '0') < 10;
  uint8_t kind = is_number ? json_number(&end) : json_word(&end);
  return kind == JSON_NONE ? NO_VALUE : SPAN(end - p, kind);
}

/// A number or a word. Numbers of at most fifteen digits and a point, with a comma or a bracket behind them, are most.
static inline uint64_t scalar(const uint8_t *p) {
  uint32_t sign = *p == '-';
  uint32_t others = scan_others(p + sign);
  uint32_t whole = (uint32_t)__builtin_ctz(others);
  bool is_good = whole == 1 || (whole != 0 && p[sign] != '0');
  uint32_t length = whole;
  uint8_t kind = JSON_INTEGER;
  if (p[sign + whole] == '.') {
    length = (uint32_t)__builtin_ctz(others & (others - 1));
    is_good = is_good && length > whole + 1;
    kind = JSON_NUMBER;
  }
  uint8_t behind = p[sign + length];
  if (!is_good || length == 16 || (behind != ',' && behind != '}' && behind != ']')) return rare_scalar(p);
  return SPAN(sign + length, kind);
}

/// Whether the piece goes on as it should behind its head. Byte by byte and no further than the first difference: the
/// text may end earlier than the piece.
RARE bool has_rest(const struct json_shapes *shapes, const struct json_state *state, const uint8_t *p) {
  size_t length = state->length & ~JSON_SPECIAL;
  for (size_t i = JSON_HEAD; i < length; i++) {
    if (p[i] != shapes->texts[state->text + i]) return false;
  }
  return true;
}

/// Begins and completes containers.
static inline void apply(
    const struct json_shapes *shapes, struct json_node *nodes, uint32_t root, const struct json_state *state,
    const uint8_t *p) {
  uint32_t start = (uint32_t)(p - shapes->base);
  const struct json_bracket *bracket = shapes->brackets + state->brackets;
  for (;; bracket++) {
    struct json_node *node = nodes + bracket->node;
    if (bracket->word != 0) {
      uint64_t words[2] = {bracket->word, start + bracket->offset};
      memcpy(node, words, sizeof words);
    } else {
      node->next = root + bracket->next;
      node->length = start + bracket->offset + 1 - node->offset;
    }
    if (bracket->is_last) return;
  }
}

#define NAME(part) portable##part
#define TARGET
#define EQUAL scan_equal
#define BLOCK 16
#define LOAD(p) uint32_t found = scan_json_stops(p)
#define STOPS (found & 0xffff)
#define WIDE (found >> 16)
#define IS_UTF8(length) scan_is_utf8(start, start + (length))
#include "known.h"

#if defined(__x86_64__)

__attribute__((target("avx2,bmi"))) static inline uint32_t equal_avx2(const uint8_t *a, const uint8_t *b) {
  return (uint32_t)_mm256_movemask_epi8(
      _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)a), _mm256_loadu_si256((const __m256i *)b)));
}

__attribute__((target("avx2,bmi"))) static inline uint32_t stops_avx2(__m256i v) {
  // A quote, a backslash and a zero are found by looking up by their lower halves what they would have to be.
  const __m256i same = _mm256_setr_epi8(
      0, -1, '"', -1, -1, -1, -1, -1, -1, -1, -1, -1, '\\', -1, -1, -1, 0, -1, '"', -1, -1, -1, -1, -1, -1, -1, -1, -1,
      '\\', -1, -1, -1);
  __m256i found = _mm256_cmpeq_epi8(_mm256_shuffle_epi8(same, v), v);
  __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(0x1f)), v);
  return (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(found, control));
}
#define NAME(part) avx2##part
#define TARGET __attribute__((target("avx2,bmi")))
#define EQUAL equal_avx2
#define BLOCK 32
#define LOAD(p) __m256i block = _mm256_loadu_si256((const __m256i *)(p))
#define STOPS stops_avx2(block)
#define WIDE (uint32_t)_mm256_movemask_epi8(block)
#define IS_UTF8(length) is_short_utf8(block, length)
#include "known.h"

void json_read_known(const struct json_shapes *shapes, struct json_record *first, struct json_record *second) {
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi")) return avx2_read(shapes, first, second);
  portable_read(shapes, first, second);
}
#else
void json_read_known(const struct json_shapes *shapes, struct json_record *first, struct json_record *second) {
  portable_read(shapes, first, second);
}
#endif

void json_move_nodes(struct json_node *to, const struct json_node *from, size_t count, uint32_t root) {
  for (size_t i = 0; i < count; i++) {
    struct json_node node = from[i];
    node.next += root;
    to[i] = node;
  }
}
