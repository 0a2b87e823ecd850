// Reading of records whose shape is known, for one kind of processor: NAME is what it is called, TARGET its attribute, EQUAL
// compares JSON_HEAD bytes, LOAD takes BLOCK bytes of a text, of which STOPS and WIDE
// tell; IS_UTF8 tells of as many of them as it is given, fewer than BLOCK.

/// A text that is longer than a block or has escapes, from behind its opening quote to its closing one.
TARGET RARE uint64_t NAME(_text)(const uint8_t *start) {
  const uint8_t *at = start;
  uint8_t flags = 0;
  uint32_t wide = 0;
  for (;;) {
    LOAD(at);
    uint32_t stops = STOPS;
    if (stops == 0) {
      wide |= WIDE;
      at += BLOCK;
      continue;
    }
    // The multi-byte characters before the stop.
    wide |= WIDE & (stops ^ (stops - 1));
    at += __builtin_ctz(stops);
    if (*at == '"') {
      if (wide == 0) return SPAN(at - start, flags);
      return scan_is_utf8(start, at) ? SPAN(at - start, flags | JSON_WIDE) : NO_VALUE;
    }
    if (*at != '\\' || json_escape(&at, &flags) != JSON_FINE) return NO_VALUE;
  }
}

/// Goes from one value to behind the next.
///
/// Returns the first state behind that; 0 at the end of the record, whose last state is then set, or where it goes on as no
/// known shape does.
TARGET __attribute__((always_inline)) static inline uint32_t NAME(_step)(
    const struct json_shapes *shapes, const struct json_state *states, const uint8_t *base, struct json_record *record,
    uint64_t root, uint32_t index, const uint8_t **place) {
  const uint8_t *p = *place;
  do {
    const struct json_state *state = states + index;
    const uint8_t *value = p + (state->length & ~JSON_SPECIAL);
    if ((~EQUAL(p, state->head) & state->mask) != 0) {
      index = state->sibling;
      continue;
    }
    if (state->length & JSON_SPECIAL) {
      if ((state->length & ~JSON_SPECIAL) > JSON_HEAD && !has_rest(shapes, state, p)) {
        index = state->sibling;
        continue;
      }
      if (state->brackets != 0) apply(shapes, record->nodes, record->root, state, p);
      if (state->shape != 0) {
        if (value == shapes->end || *value == shapes->separator) {
          record->place = value;
          record->last = state;
          return 0;
        }
        index = state->sibling;
        continue;
      }
    }
    uint64_t word = state->word + root;
    const uint8_t *start = value;
    const uint8_t *end;
    if (*value == '"') {
      start = value + 1;
      LOAD(start);
      uint32_t stops = STOPS;
      uint32_t wide = WIDE & (stops ^ (stops - 1));
      end = start + __builtin_ctz(stops | 1u << (BLOCK - 1));
      uint64_t flags = 0;
      if (__builtin_expect(stops == 0 || *end != '"', 0)) {
        uint64_t span = NAME(_text)(start);
        if (span == NO_VALUE) return 0;
        end = start + LENGTH(span);
        flags = WHAT(span);
      } else if (wide != 0) {
        if (!IS_UTF8((uint32_t)(end - start))) return 0;
        flags = JSON_WIDE;
      }
      word |= JSON_STRING | flags << 8;
      *place = end + 1;
    } else {
      uint64_t span = scalar(value);
      if (span == NO_VALUE) {
        // Another piece may go on with a container here.
        if (*value != '{' && *value != '[') return 0;
        index = state->sibling;
        continue;
      }
      word |= WHAT(span);
      end = value + LENGTH(span);
      *place = end;
    }
    uint64_t words[2] = {word, (uint32_t)(start - base) | (uint64_t)(end - start) << 32};
    // `next` of a scalar is the node behind it. The machines that this runs on have the least byte first.
    memcpy(record->nodes + (state->word >> 32) - 1, words, sizeof words);
    return state->child;
  } while (index != 0);
  return 0;
}

TARGET static void NAME(_read)(const struct json_shapes *shapes, struct json_record *a, struct json_record *b) {
  // What changes with every value stands in variables of its own, so that it stays in registers.
  const struct json_state *states = shapes->states;
  const uint8_t *base = shapes->base;
  const uint64_t root_a = (uint64_t)a->root << 32;
  const uint64_t root_b = (uint64_t)b->root << 32;
  const uint8_t *p = a->place;
  const uint8_t *q = b->place;
  a->last = b->last = NULL;
  uint32_t i = states->child;
  uint32_t j = q != NULL ? i : 0;
  while (i != 0 && j != 0) {
    i = NAME(_step)(shapes, states, base, a, root_a, i, &p);
    j = NAME(_step)(shapes, states, base, b, root_b, j, &q);
  }
  while (i != 0) i = NAME(_step)(shapes, states, base, a, root_a, i, &p);
  while (j != 0) j = NAME(_step)(shapes, states, base, b, root_b, j, &q);
}

#undef NAME
#undef TARGET
#undef EQUAL
#undef LOAD
#undef STOPS
#undef WIDE
#undef IS_UTF8
#undef BLOCK
