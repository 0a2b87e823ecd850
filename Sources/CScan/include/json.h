// The small pieces of JSON, and the reading of records whose shape is known. Nothing here checks a bound: the byte behind
// the text is a zero or a control character, which ends every scan, and SCAN_PADDING readable bytes follow it.
#ifndef MILLRACE_JSON_H
#define MILLRACE_JSON_H

#include "scan.h"

/// The raw values of Records' Node.Kind and Node.Flags, against which a test holds them.
enum { JSON_NONE = 0, JSON_NULL = 1, JSON_FALSE = 2, JSON_TRUE = 3, JSON_INTEGER = 4, JSON_NUMBER = 5, JSON_STRING = 6 };
enum { JSON_ESCAPED = 1, JSON_WIDE = 8 };

/// What json_escape says.
enum { JSON_FINE = 0, JSON_BAD_ESCAPE = 1, JSON_HALF_SURROGATE = 2 };

/// Moves over digits; false where there is none.
static inline bool json_digits(const uint8_t **place) {
  const uint8_t *p = *place;
  uint32_t count = scan_digits(p);
  if (count == 0) return false;
  p += count;
  while (count == 16) {
    count = scan_digits(p);
    p += count;
  }
  *place = p;
  return true;
}

/// Moves over a number; JSON_INTEGER or JSON_NUMBER, JSON_NONE where it is none.
static inline uint8_t json_number(const uint8_t **place) {
  const uint8_t *p = *place;
  uint8_t kind = JSON_INTEGER;
  bool good = true;
  if (*p == '-') p++;
  if (*p == '0') p++; else good = json_digits(&p);
  if (good && *p == '.') {
    kind = JSON_NUMBER;
    p++;
    good = json_digits(&p);
  }
  if (good && (*p | 0x20) == 'e') {
    kind = JSON_NUMBER;
    p++;
    if (*p == '+' || *p == '-') p++;
    good = json_digits(&p);
  }
  *place = p;
  return good ? kind : JSON_NONE;
}

/// Moves over `true`, `false` or `null`; JSON_NONE where there is none of them.
static inline uint8_t json_word(const uint8_t **place) {
  const uint8_t *p = *place;
  if (memcmp(p, "true", 4) == 0) return *place = p + 4, JSON_TRUE;
  if (memcmp(p, "null", 4) == 0) return *place = p + 4, JSON_NULL;
  if (memcmp(p, "fals", 4) == 0 && p[4] == 'e') return *place = p + 5, JSON_FALSE;
  return JSON_NONE;
}

/// The value of four hexadecimal digits, negative where they are none.
static inline int32_t json_hex4(const uint8_t *p) {
  int32_t value = 0;
  for (int i = 0; i < 4; i++) {
    uint8_t c = p[i];
    uint8_t letter = (uint8_t)((c | 0x20) - 'a');
    if ((uint8_t)(c - '0') < 10) value = value << 4 | (c - '0');
    else if (letter < 6) value = value << 4 | (letter + 10);
    else return -1;
  }
  return value;
}

/// Moves over the escape that begins with the backslash at the place, unless something is wrong with it.
static inline int json_escape(const uint8_t **place, uint8_t *flags) {
  const uint8_t *p = *place;
  *flags |= JSON_ESCAPED;
  switch (p[1]) {
  case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
    *place = p + 2;
    return JSON_FINE;
  case 'u': break;
  default: return JSON_BAD_ESCAPE;
  }
  int32_t first = json_hex4(p + 2);
  if (first < 0) return JSON_BAD_ESCAPE;
  if (first >= 0x80) *flags |= JSON_WIDE;
  if (first < 0xd800 || first >= 0xe000) {
    *place = p + 6;
    return JSON_FINE;
  }
  if (first >= 0xdc00 || p[6] != '\\' || p[7] != 'u') return JSON_HALF_SURROGATE;
  int32_t second = json_hex4(p + 8);
  if (second < 0xdc00 || second >= 0xe000) return JSON_HALF_SURROGATE;
  *place = p + 12;
  return JSON_FINE;
}

// MARK: - Records of a known shape

/// A node as Records has it.
struct json_node {
  uint8_t kind;
  uint8_t flags;
  uint16_t key;
  uint32_t next;
  uint32_t offset;
  uint32_t length;
};

/// In `length` of a state: it has brackets, ends a shape, or is longer than its head.
#define JSON_SPECIAL 0x8000
/// The bytes of a piece that are compared at once.
#define JSON_HEAD 32

/// A piece of text between two values, and what is known once it is met. 64 bytes, a line of the cache.
struct json_state {
  /// The first bytes of the piece, and which of them count.
  uint8_t head[JSON_HEAD];
  uint32_t mask;
  /// The length of the piece, in bytes, and JSON_SPECIAL.
  uint16_t length;
  /// The shape that ends here; 0 where a value follows.
  uint16_t shape;
  /// The first eight bytes of the value's node, but for its kind and flags and with `next` counted from the root.
  uint64_t word;
  /// The first of the brackets in the piece; 0 where there is none.
  uint32_t brackets;
  /// Where all of the piece stands among the texts.
  uint32_t text;
  /// The first state behind the value, and another piece at the same place; 0 where there is none.
  uint32_t child;
  uint32_t sibling;
};

/// A bracket in a piece: a container's node begins or is completed.
struct json_bracket {
  /// The first eight bytes of an opening one's node; 0 for a closing one.
  uint64_t word;
  /// Its node, counted from the root's.
  uint32_t node;
  /// Of a closing one: the node behind the container, counted from the root's.
  uint32_t next;
  /// Where it stands in the piece, in bytes.
  uint32_t offset;
  /// Whether no other follows it.
  bool is_last;
};

/// What readings are made with.
struct json_shapes {
  const struct json_state *states;
  const struct json_bracket *brackets;
  const uint8_t *texts;
  /// Where the batch's bytes begin and end.
  const uint8_t *base;
  const uint8_t *end;
  /// What ends a record.
  uint8_t separator;
};

/// A record that is read.
struct json_record {
  /// Where it begins, and once it is read, where it ends.
  const uint8_t *place;
  /// Where the root's node goes, and its index.
  struct json_node *nodes;
  uint32_t root;
  /// The state that it ended with; NULL where it has no known shape, or is no JSON.
  const struct json_state *last;
};

/// Reads two records if they have known shapes: compares what stands between the values, and reads the values. Two take
/// little longer than one, because the processor goes on with one while it waits for a byte of the other. Where the second
/// has no place, there is none.
void json_read_known(const struct json_shapes *shapes, struct json_record *first, struct json_record *second);

/// Copies the nodes of a record that was read as if its root had the index 0, and gives it another.
void json_move_nodes(struct json_node *to, const struct json_node *from, size_t count, uint32_t root);

#endif
