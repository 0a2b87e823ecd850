// This file is one to fuzz.
#include "cells.h"

/// Set in what is asked for every kind that is never copied.
#define NEVER 0x80

/// Which flags keep a cell of each kind from being copied.
static const uint8_t refused[256] = {
    [JSON_NULL] = NEVER, [JSON_FALSE] = NEVER, [JSON_TRUE] = NEVER, [JSON_INTEGER] = JSON_INLINE,
    [JSON_NUMBER] = JSON_INLINE, [JSON_STRING] = JSON_PLAIN, [JSON_STRING + 1 ... 255] = NEVER};

size_t json_copy_cells(
    const struct json_columns *columns, const struct json_node *cells, size_t column, const uint8_t *text,
    uint8_t **place, const uint8_t *limit) {
  const struct json_prefix *prefixes = columns->prefixes;
  const uint8_t *names = columns->names;
  size_t count = columns->count;
  uint8_t *out = *place;
  for (; column < count; column++) {
    struct json_node cell = cells[column];
    if (cell.kind == JSON_NONE) continue;
    if (((cell.flags | NEVER) & refused[cell.kind]) != 0) break;
    struct json_prefix prefix = prefixes[column];
    if (limit - out < (ptrdiff_t)prefix.length + (ptrdiff_t)cell.length + JSON_CELL_ROOM) break;
    uint8_t is_text = cell.kind == JSON_STRING;
    scan_copy(out, names + prefix.offset, prefix.length);
    out += prefix.length - 1 + is_text;
    scan_copy(out, text + cell.offset, cell.length);
    out += cell.length;
    // Overwritten by what follows a number.
    *out = '"';
    out += is_text;
  }
  *place = out;
  return column;
}
