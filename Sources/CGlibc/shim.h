// What Swift's Glibc module leaves out.
#include <malloc.h>
#include <sys/types.h>

/// Lets the system begin to store a part of a file: fcntl.h has it for GNU sources only.
int sync_file_range(int descriptor, off_t offset, off_t count, unsigned int flags);
/// Begins to store what is not under way yet, and waits for nothing.
static const unsigned int SYNC_FILE_RANGE_BEGIN = 2;
