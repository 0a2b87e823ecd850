// Rows as JSON: what of them is copied as it stands.
#ifndef MILLRACE_CELLS_H
#define MILLRACE_CELLS_H

#include "json.h"

/// The raw values of Records' Node.Flags that keep a text from being copied as it stands.
enum { JSON_PLAIN = 2, JSON_INLINE = 4 };

/// The bytes beside a column's name and text that must be free behind them.
#define JSON_CELL_ROOM (2 * SCAN_PADDING)

/// Where a column's `,"name":"` stands. The quote behind the colon is written for texts alone.
struct json_prefix {
  uint32_t offset;
  uint32_t length;
};

/// The columns of a row.
struct json_columns {
  const struct json_prefix *prefixes;
  size_t count;
  /// What the prefixes count from.
  const uint8_t *names;
};

/// Writes the cells from `column` on with their names to the place, as long as they are texts and numbers whose JSON
/// stands at `text`, and there is room before `limit`. Moves the place behind what was written.
///
/// Returns the first column that is left; those that are absent count as written.
size_t json_copy_cells(
    const struct json_columns *columns, const struct json_node *cells, size_t column, const uint8_t *text,
    uint8_t **place, const uint8_t *limit);

#endif
