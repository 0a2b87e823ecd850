// Scans over whole batches, thirty-two bytes at a time where the processor has AVX2.
#include "scan.h"
#include "utf8.h"

/// The length of the well-formed sequence at `p`, 0 where there is none before `end`.
static size_t sequence(const uint8_t *p, const uint8_t *end) {
  size_t left = (size_t)(end - p);
  if (p[0] < 0x80) return 1;
  if (p[0] < 0xc2 || p[0] > 0xf4) return 0;
  size_t length = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
  if (left < length) return 0;
  for (size_t i = 1; i < length; i++) {
    if ((p[i] & 0xc0) != 0x80) return 0;
  }
  if (p[0] == 0xe0 && p[1] < 0xa0) return 0;
  if (p[0] == 0xed && p[1] >= 0xa0) return 0;
  if (p[0] == 0xf0 && p[1] < 0x90) return 0;
  if (p[0] == 0xf4 && p[1] >= 0x90) return 0;
  return length;
}

static bool is_utf8_portable(const uint8_t *p, const uint8_t *end) {
  while (p < end) {
    uint64_t eight;
    if (end - p >= 8 && (memcpy(&eight, p, 8), (eight & 0x8080808080808080) == 0)) {
      p += 8;
      continue;
    }
    size_t length = sequence(p, end);
    if (length == 0) return false;
    p += length;
  }
  return true;
}

static size_t count_portable(const uint8_t *p, const uint8_t *end, uint8_t byte) {
  size_t count = 0;
  for (; p < end; p++) count += *p == byte;
  return count;
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static bool is_utf8_avx2(const uint8_t *p, const uint8_t *end) {
  // What may not stand in the last three bytes before ASCII: the begin of a longer sequence.
  const __m256i open_end = _mm256_setr_epi8(
      -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
      -1, (char)(0xf0 - 1), (char)(0xe0 - 1), (char)(0xc0 - 1));
  __m256i wrong = _mm256_setzero_si256();
  __m256i open = _mm256_setzero_si256();
  __m256i last = _mm256_setzero_si256();
  // Two at a time, because whether there is only ASCII is guessed wrong less often for both than for each.
  while (end - p >= 64) {
    __m256i low = _mm256_loadu_si256((const __m256i *)p);
    __m256i high = _mm256_loadu_si256((const __m256i *)(p + 32));
    if (_mm256_movemask_epi8(_mm256_or_si256(low, high)) == 0) {
      wrong = _mm256_or_si256(wrong, open);
      open = _mm256_setzero_si256();
    } else {
      wrong = _mm256_or_si256(wrong, _mm256_or_si256(wrong_bytes(low, last), wrong_bytes(high, low)));
      open = _mm256_subs_epu8(high, open_end);
    }
    last = high;
    p += 64;
  }
  // Zeros behind the end, one at least, refuse what is open.
  uint8_t rest[64] = {0};
  memcpy(rest, p, (size_t)(end - p));
  __m256i low = _mm256_loadu_si256((const __m256i *)rest);
  __m256i high = _mm256_loadu_si256((const __m256i *)(rest + 32));
  wrong = _mm256_or_si256(wrong, _mm256_or_si256(wrong_bytes(low, last), wrong_bytes(high, low)));
  return _mm256_testz_si256(wrong, wrong);
}

__attribute__((target("avx2,popcnt"))) static size_t count_avx2(const uint8_t *p, const uint8_t *end, uint8_t byte) {
  const __m256i wanted = _mm256_set1_epi8((char)byte);
  size_t count = 0;
  for (; end - p >= 64; p += 64) {
    uint64_t low = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)p), wanted));
    uint64_t high =
        (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)(p + 32)), wanted));
    count += (size_t)__builtin_popcountll(low | high << 32);
  }
  return count + count_portable(p, end, byte);
}

static bool has_avx2(void) { return __builtin_cpu_supports("avx2"); }
#else
static bool has_avx2(void) { return false; }
static bool is_utf8_avx2(const uint8_t *p, const uint8_t *end) { return is_utf8_portable(p, end); }
static size_t count_avx2(const uint8_t *p, const uint8_t *end, uint8_t byte) {
  return count_portable(p, end, byte);
}
#endif

bool scan_is_utf8(const uint8_t *p, const uint8_t *end) {
  return has_avx2() ? is_utf8_avx2(p, end) : is_utf8_portable(p, end);
}

size_t scan_count(const uint8_t *p, const uint8_t *end, uint8_t byte) {
  return has_avx2() ? count_avx2(p, end, byte) : count_portable(p, end, byte);
}
