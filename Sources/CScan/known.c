// Records of a known shape. This file is one to fuzz.
#include "json.h"

_Static_assert(sizeof(struct json_state) == 64, "a state is a line of the cache");

/// Writes a value's node in two moves. The machines that this runs on have the least byte first.
static inline void put(
    const struct json_shapes *shapes, const struct json_state *state, uint8_t kind, uint8_t flags, const uint8_t *start,
    const uint8_t *end) {
  uint64_t words[2] = {
      (state->word + ((uint64_t)shapes->root << 32)) | kind | (uint64_t)flags << 8,
      (uint32_t)(start - shapes->base) | (uint64_t)(end - start) << 32};
  // `next` of a scalar is the node behind it.
  memcpy(shapes->nodes + (state->word >> 32) - 1, words, sizeof words);
}

/// Whether the piece goes on as it should behind its head. Byte by byte and no further than the first difference: the
/// text may end earlier than the piece.
static bool has_rest(const struct json_shapes *shapes, const struct json_state *state, const uint8_t *p) {
  size_t length = state->length & ~JSON_SPECIAL;
  for (size_t i = JSON_HEAD; i < length; i++) {
    if (p[i] != shapes->texts[state->text + i]) return false;
  }
  return true;
}

/// Begins and completes containers.
static void apply(const struct json_shapes *shapes, const struct json_state *state, const uint8_t *p) {
  uint32_t start = (uint32_t)(p - shapes->base);
  const struct json_bracket *bracket = shapes->brackets + state->brackets;
  for (;; bracket++) {
    struct json_node *node = shapes->nodes + bracket->node;
    if (bracket->word != 0) {
      uint64_t words[2] = {bracket->word, start + bracket->offset};
      memcpy(node, words, sizeof words);
    } else {
      node->next = shapes->root + bracket->next;
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
#include "known.h"

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx2,bmi"))) static inline uint32_t equal_avx2(const uint8_t *a, const uint8_t *b) {
  return (uint32_t)_mm256_movemask_epi8(
      _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)a), _mm256_loadu_si256((const __m256i *)b)));
}

__attribute__((target("avx2,bmi"))) static inline uint32_t stops_avx2(__m256i v) {
  __m256i quote = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('"'));
  __m256i slash = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\'));
  __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(0x1f)), v);
  return (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(_mm256_or_si256(quote, slash), control));
}

#define NAME(part) avx2##part
#define TARGET __attribute__((target("avx2,bmi")))
#define EQUAL equal_avx2
#define BLOCK 32
#define LOAD(p) __m256i block = _mm256_loadu_si256((const __m256i *)(p))
#define STOPS stops_avx2(block)
#define WIDE (uint32_t)_mm256_movemask_epi8(block)
#include "known.h"

const struct json_state *json_read_known(const struct json_shapes *shapes, const uint8_t **p) {
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi")) return avx2_read(shapes, p);
  return portable_read(shapes, p);
}
#else
const struct json_state *json_read_known(const struct json_shapes *shapes, const uint8_t **p) {
  return portable_read(shapes, p);
}
#endif
