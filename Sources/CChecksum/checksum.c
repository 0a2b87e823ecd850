#include "include/checksum.h"

#include <string.h>

// The polynomial 0x1EDC6F41 with its bits in reverse.
#define POLYNOMIAL 0x82F63B78u

static uint32_t table[8][256];

/// Runs before anything else in the process, so that no thread finds the table half done.
__attribute__((constructor)) static void fill_table(void) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) ? POLYNOMIAL : 0);
    table[0][i] = crc;
  }
  for (uint32_t i = 0; i < 256; i++)
    for (int slice = 1; slice < 8; slice++)
      table[slice][i] = (table[slice - 1][i] >> 8) ^ table[0][table[slice - 1][i] & 0xff];
}

uint32_t checksum_crc32c_portable(uint32_t before, const void *bytes, size_t count) {
  const uint8_t *p = bytes;
  uint32_t crc = ~before;
  while (count >= 8) {
    // Byte by byte, so that the order of bytes in a word does not matter; compilers make one load of it.
    uint32_t low = crc ^ ((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);
    crc = table[7][low & 0xff] ^ table[6][(low >> 8) & 0xff] ^ table[5][(low >> 16) & 0xff] ^ table[4][low >> 24] ^
          table[3][p[4]] ^ table[2][p[5]] ^ table[1][p[6]] ^ table[0][p[7]];
    p += 8;
    count -= 8;
  }
  while (count--) crc = (crc >> 8) ^ table[0][(crc ^ *p++) & 0xff];
  return ~crc;
}

#if defined(__x86_64__)
#include <nmmintrin.h>

__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t before, const uint8_t *p, size_t count) {
  uint64_t crc = (uint32_t)~before;
  while (count >= 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    crc = _mm_crc32_u64(crc, word);
    p += 8;
    count -= 8;
  }
  uint32_t rest = (uint32_t)crc;
  while (count--) rest = _mm_crc32_u8(rest, *p++);
  return ~rest;
}

uint32_t checksum_crc32c(uint32_t before, const void *bytes, size_t count) {
  if (__builtin_cpu_supports("sse4.2")) return crc32c_sse42(before, bytes, count);
  return checksum_crc32c_portable(before, bytes, count);
}
#else
uint32_t checksum_crc32c(uint32_t before, const void *bytes, size_t count) {
  return checksum_crc32c_portable(before, bytes, count);
}
#endif
