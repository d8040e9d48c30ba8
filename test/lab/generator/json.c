#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generator.h"

#define TEXT_BYTES_MAX (4U << 20)

static const char *skip_space(const char *at) {
  while (*at == ' ' || *at == '\t' || *at == '\r') at++;
  return at;
}

// A string without escapes: no command needs one. Gives the position behind it, or NULL.
static const char *read_string(const char *at, char *into, size_t size) {
  size_t length = 0;
  if (*at != '"') return NULL;
  for (at++; *at != '"'; at++) {
    if ((unsigned char)*at < 0x20 || (unsigned char)*at > 0x7e || *at == '\\' || length + 1 >= size) return NULL;
    into[length++] = *at;
  }
  into[length] = '\0';
  return at + 1;
}

static const char *read_number(const char *at, uint64_t *into) {
  uint64_t value = 0;
  if (*at < '0' || *at > '9') return NULL;
  for (; *at >= '0' && *at <= '9'; at++) {
    unsigned digit = (unsigned)(*at - '0');
    if (value > (UINT64_MAX - digit) / 10) return NULL;
    value = value * 10 + digit;
  }
  *into = value;
  return at;
}

static const char *read_value(const char *at, struct field *field) {
  if (*at == '"') {
    field->kind = FIELD_STRING;
    return read_string(at, field->text, sizeof field->text);
  }
  if (strncmp(at, "true", 4) == 0 || strncmp(at, "false", 5) == 0) {
    field->kind = FIELD_BOOLEAN;
    field->number = *at == 't';
    return at + (*at == 't' ? 4 : 5);
  }
  field->kind = FIELD_NUMBER;
  return read_number(at, &field->number);
}

bool json_parse(const char *line, struct fields *into) {
  const char *at = skip_space(line);
  into->count = 0;
  if (*at != '{') return false;
  at = skip_space(at + 1);
  while (*at != '}') {
    if (into->count == FIELDS_MAX) return false;
    struct field *field = &into->items[into->count];
    memset(field, 0, sizeof *field);
    if ((at = read_string(at, field->key, sizeof field->key)) == NULL) return false;
    if (json_find(into, field->key) != NULL) return false;
    at = skip_space(at);
    if (*at != ':') return false;
    if ((at = read_value(skip_space(at + 1), field)) == NULL) return false;
    into->count++;
    at = skip_space(at);
    if (*at == ',') {
      at = skip_space(at + 1);
      if (*at == '}') return false;
    } else if (*at != '}') {
      return false;
    }
  }
  return *skip_space(at + 1) == '\0';
}

const struct field *json_find(const struct fields *fields, const char *key) {
  for (unsigned i = 0; i < fields->count; i++)
    if (strcmp(fields->items[i].key, key) == 0) return &fields->items[i];
  return NULL;
}

static bool make_room(struct text *t, size_t more) {
  size_t wanted = t->length + more + 1;
  if (wanted <= t->capacity) return true;
  if (wanted > TEXT_BYTES_MAX) return false;
  size_t capacity = t->capacity == 0 ? 4096 : t->capacity;
  while (capacity < wanted) capacity *= 2;
  char *bytes = realloc(t->bytes, capacity);
  if (bytes == NULL) return false;
  t->bytes = bytes;
  t->capacity = capacity;
  return true;
}

void text_add(struct text *t, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  if (t->full || length < 0 || !make_room(t, (size_t)length)) {
    t->full = true;
    return;
  }
  va_start(arguments, format);
  vsnprintf(t->bytes + t->length, (size_t)length + 1, format, arguments);
  va_end(arguments);
  t->length += (size_t)length;
}
