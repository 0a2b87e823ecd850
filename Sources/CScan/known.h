// One reading of a record, for one kind of processor: NAME is what it is called, TARGET its attribute, EQUAL compares
// JSON_HEAD bytes, STOPS and WIDE look at BLOCK bytes of a text.

TARGET static inline bool NAME(_text)(
    const struct json_shapes *shapes, const struct json_state *state, const uint8_t **place) {
  const uint8_t *start = *place + 1;
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
    wide |= WIDE & (stops - 1) & ~stops;
    at += __builtin_ctz(stops);
    if (*at == '"') break;
    if (*at != '\\' || json_escape(&at, &flags) != JSON_FINE) return false;
  }
  if (wide != 0) {
    if (!shapes->is_utf8) return false;
    flags |= JSON_WIDE;
  }
  put(shapes, state, JSON_STRING, flags, start, at);
  *place = at + 1;
  return true;
}

TARGET static const struct json_state *NAME(_read)(const struct json_shapes *shapes, const uint8_t **place) {
  const uint8_t *p = *place;
  const struct json_state *states = shapes->states;
  uint32_t index = states->child;
  while (index != 0) {
    const struct json_state *state = states + index;
    const uint8_t *value = p + (state->length & ~JSON_SPECIAL);
    if ((~EQUAL(p, state->head) & state->mask) != 0) {
      index = state->sibling;
      continue;
    }
    if (state->length & JSON_SPECIAL) {
      if (!has_rest(shapes, state, p)) {
        index = state->sibling;
        continue;
      }
      if (state->brackets != 0) apply(shapes, state, p);
      if (state->shape != 0) {
        if (value == shapes->end || *value == shapes->separator) {
          *place = value;
          return state;
        }
        index = state->sibling;
        continue;
      }
    }
    const uint8_t *first = value;
    uint8_t kind;
    if (*value == '"') {
      if (!NAME(_text)(shapes, state, &value)) return NULL;
    } else if (*value == '-' || (uint8_t)(*value - '0') < 10) {
      if ((kind = json_number(&value)) == JSON_NONE) return NULL;
      put(shapes, state, kind, 0, first, value);
    } else if (*value == 't' || *value == 'f' || *value == 'n') {
      if ((kind = json_word(&value)) == JSON_NONE) return NULL;
      put(shapes, state, kind, 0, first, value);
    } else {
      // A container, where the piece of another state goes on.
      index = state->sibling;
      continue;
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
