// Byte scans over sixteen bytes at a time, on which json.h builds. Every function may read up to SCAN_PADDING bytes past `end`;
// the buffers of Records keep that much readable memory behind their contents.
#ifndef MILLRACE_SCAN_H
#define MILLRACE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#define SCAN_PADDING 64

/// Bit i is set where byte i of the sixteen at `p` ends a run of plain JSON text: a quote, a backslash,
/// a control character, or a byte of a multi-byte character.
static inline uint32_t scan_json_specials(const uint8_t *p) {
#if defined(__SSE2__)
  __m128i v = _mm_loadu_si128((const __m128i *)p);
  __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
  __m128i slash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
  // Signed compare: control characters are 0...31, bytes of multi-byte characters are negative.
  __m128i low = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20));
  return (uint32_t)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, slash), low));
#elif defined(__ARM_NEON)
  uint8x16_t v = vld1q_u8(p);
  uint8x16_t hit = vorrq_u8(
      vorrq_u8(vceqq_u8(v, vdupq_n_u8('"')), vceqq_u8(v, vdupq_n_u8('\\'))),
      vcltq_s8(vreinterpretq_s8_u8(v), vdupq_n_s8(0x20)));
  const uint8x16_t bits = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  uint8x16_t masked = vandq_u8(hit, bits);
  return (uint32_t)vaddv_u8(vget_low_u8(masked)) | ((uint32_t)vaddv_u8(vget_high_u8(masked)) << 8);
#else
  uint32_t mask = 0;
  for (int i = 0; i < 16; i++) {
    uint8_t c = p[i];
    if (c == '"' || c == '\\' || c < 0x20 || c >= 0x80) mask |= 1u << i;
  }
  return mask;
#endif
}

/// Bit i is set where byte i of the sixteen at `p` is a quote, a backslash or a control character; bit 16 + i where it
/// belongs to a multi-byte character.
static inline uint32_t scan_json_stops(const uint8_t *p) {
#if defined(__SSE2__)
  __m128i v = _mm_loadu_si128((const __m128i *)p);
  __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
  __m128i slash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
  __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);
  uint32_t stops = (uint32_t)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, slash), control));
  return stops | (uint32_t)_mm_movemask_epi8(v) << 16;
#else
  uint32_t mask = 0;
  for (int i = 0; i < 16; i++) {
    uint8_t c = p[i];
    if (c == '"' || c == '\\' || c < 0x20) mask |= 1u << i;
    if (c >= 0x80) mask |= 1u << (16 + i);
  }
  return mask;
#endif
}

/// Bit i is set where byte i of the sixteen at `p` is no digit; all bits from 16 on are.
static inline uint32_t scan_others(const uint8_t *p) {
#if defined(__SSE2__)
  __m128i v = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)p), _mm_set1_epi8('0'));
  __m128i digit = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(9)), v);
  return ~(uint32_t)_mm_movemask_epi8(digit);
#else
  uint32_t mask = ~0xffffu;
  for (int i = 0; i < 16; i++) mask |= (uint32_t)((uint8_t)(p[i] - '0') >= 10) << i;
  return mask;
#endif
}

/// How many of the sixteen bytes at `p` are digits before the first that is none.
static inline uint32_t scan_digits(const uint8_t *p) { return (uint32_t)__builtin_ctz(scan_others(p)); }

/// Bit i is set where byte i of the thirty-two at `a` equals that at `b`.
static inline uint32_t scan_equal(const uint8_t *a, const uint8_t *b) {
#if defined(__SSE2__)
  __m128i low = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)a), _mm_loadu_si128((const __m128i *)b));
  __m128i high = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(a + 16)), _mm_loadu_si128((const __m128i *)(b + 16)));
  return (uint32_t)_mm_movemask_epi8(low) | (uint32_t)_mm_movemask_epi8(high) << 16;
#else
  uint32_t mask = 0;
  for (int i = 0; i < 32; i++) mask |= (uint32_t)(a[i] == b[i]) << i;
  return mask;
#endif
}

/// The first byte at or after `p` that ends a run of plain JSON text, or `end`.
static inline const uint8_t *scan_json_text(const uint8_t *p, const uint8_t *end) {
  while (p < end) {
    uint32_t mask = scan_json_specials(p);
    if (mask) {
      p += __builtin_ctz(mask);
      return p < end ? p : end;
    }
    p += 16;
  }
  return end;
}

/// The first byte at or after `p` that equals `a` or `b`, or `end`.
static inline const uint8_t *scan_either(const uint8_t *p, const uint8_t *end, uint8_t a, uint8_t b) {
  while (p < end) {
#if defined(__SSE2__)
    __m128i v = _mm_loadu_si128((const __m128i *)p);
    __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8((char)a)), _mm_cmpeq_epi8(v, _mm_set1_epi8((char)b)));
    uint32_t mask = (uint32_t)_mm_movemask_epi8(hit);
    if (mask) {
      p += __builtin_ctz(mask);
      return p < end ? p : end;
    }
    p += 16;
#else
    if (*p == a || *p == b) return p;
    p++;
#endif
  }
  return end;
}

/// The first byte at or after `p` that is a backslash or a control character, or `end`.
static inline const uint8_t *scan_controls(const uint8_t *p, const uint8_t *end) {
  while (p < end) {
#if defined(__SSE2__)
    __m128i v = _mm_loadu_si128((const __m128i *)p);
    __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);
    uint32_t mask = (uint32_t)_mm_movemask_epi8(_mm_or_si128(low, _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))));
    if (mask) {
      p += __builtin_ctz(mask);
      return p < end ? p : end;
    }
    p += 16;
#else
    if (*p == '\\' || *p < 0x20) return p;
    p++;
#endif
  }
  return end;
}

/// The number of bytes in `p ..< end` that equal `byte`.
size_t scan_count(const uint8_t *p, const uint8_t *end, uint8_t byte);

/// Whether `p ..< end` is UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing beyond U+10FFFF.
bool scan_is_utf8(const uint8_t *p, const uint8_t *end);

/// Copies `count` bytes; may read and write up to 32 bytes past them, so both keep room behind their end.
static inline void scan_copy(uint8_t *to, const uint8_t *from, size_t count) {
  // A fixed size, so that it is four moves and no call.
  memcpy(to, from, 32);
  if (count <= 32) return;
  if (count > 256) {
    memcpy(to + 32, from + 32, count - 32);
    return;
  }
  for (size_t i = 32; i < count; i += 32) memcpy(to + i, from + i, 32);
}

#endif
