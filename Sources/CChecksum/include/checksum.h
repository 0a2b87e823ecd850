// CRC-32C (Castagnoli), the checksum of iSCSI, ext4 and most logs on disk.
#ifndef MILLRACE_CHECKSUM_H
#define MILLRACE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/// The checksum of `count` bytes that follow those whose checksum is `before`; 0 where nothing stands before them.
uint32_t checksum_crc32c(uint32_t before, const void *bytes, size_t count);

/// The same without the processor's instruction; for tests that compare the two.
uint32_t checksum_crc32c_portable(uint32_t before, const void *bytes, size_t count);

#endif
