// One reading of a record, for one kind of processor: NAME is what it is called, TARGET its attribute, EQUAL compares
// JSON_HEAD bytes, STOPS and WIDE look at BLOCK bytes of a text.

/// Moves over the text that begins at the place, and says whether it has escapes and multi-byte characters.
TARGET static inline bool NAME(_text)(struct json_state *state, const uint8_t **place, uint8_t *flags) {
  const uint8_t *at = *place;
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
    wide |= WIDE & (stops - 1) & ~stops;
    at += usual_length(state, (uint16_t)__builtin_ctz(stops));
    if (*at == '"') break;
    const uint8_t *behind = at;
    uint8_t escaped = 0;
    if (*at != '\\' || json_escape(&behind, &escaped) != JSON_FINE) return false;
    *flags |= escaped;
    at = behind;
  }
  if (wide != 0) *flags |= JSON_WIDE;
  *place = at;
  return true;
}

TARGET static struct json_state *NAME(_read)(const struct json_shapes *given, const uint8_t **place) {
  // A copy, because what is written to the nodes might change the given one for all that the compiler knows.
  const struct json_shapes shapes = *given;
  const uint8_t *p = *place;
  struct json_state *states = shapes.states;
  uint32_t index = states->child;
  while (index != 0) {
    struct json_state *state = states + index;
    const uint8_t *value = p + (state->length & ~JSON_SPECIAL);
    if ((~EQUAL(p, state->head) & state->mask) != 0) {
      index = state->sibling;
      continue;
    }
    if (state->length & JSON_SPECIAL) {
      if (!has_rest(&shapes, state, p)) {
        index = state->sibling;
        continue;
      }
      if (state->brackets != 0) apply(&shapes, state, p);
      if (state->shape != 0) {
        if (value == shapes.end || *value == shapes.separator) {
          *place = value;
          return state;
        }
        index = state->sibling;
        continue;
      }
    }
    const uint8_t *first = value;
    if (*value == '"') {
      uint8_t flags = 0;
      first++;
      value++;
      if (!NAME(_text)(state, &value, &flags)) return NULL;
      if ((flags & JSON_WIDE) && !shapes.is_utf8) return NULL;
      put(&shapes, state, JSON_STRING, flags, first, value);
      value++;
    } else {
      uint8_t kind;
      if (*value == '-' || (uint8_t)(*value - '0') < 10) {
        kind = json_number(&value);
      } else if (*value == 't' || *value == 'f' || *value == 'n') {
        kind = json_word(&value);
      } else {
        // A container, where the piece of another state goes on.
        index = state->sibling;
        continue;
      }
      if (kind == JSON_NONE) return NULL;
      put(&shapes, state, kind, 0, first, value);
    }
    p = value;
    index = state->child;
  }
  return NULL;
}

#undef NAME
#undef TARGET
#undef EQUAL
#undef LOAD
#undef STOPS
#undef WIDE
#undef BLOCK
