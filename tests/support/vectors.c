#include "support/vectors.h"

#include "dialin/num.h"
#include "support/test.h"

json_t *vectors_load(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/vectors/%s.json", TEST_DATA, name);
    json_error_t problem;
    json_t *vectors = json_load_file(path, 0, &problem);
    if (!vectors) fail_msg("%s: %s", path, problem.text);
    return vectors;
}

const json_t *vectors_case(const json_t *vectors, const char *id)
{
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(vectors, "cases"), index, entry)
    {
        if (strcmp(json_string_value(json_object_get(entry, "id")), id) == 0) return entry;
    }
    fail_msg("no case '%s'", id);
    return NULL;
}

const json_t *vectors_input(const json_t *vectors, const char *id, const char *key)
{
    return json_object_get(json_object_get(vectors_case(vectors, id), "inputs"), key);
}

const json_t *vectors_expected(const json_t *vectors, const char *id, const char *key)
{
    return json_object_get(json_object_get(vectors_case(vectors, id), "expected"), key);
}

uint64_t vectors_u64(const json_t *value)
{
    if (json_is_integer(value)) return (uint64_t)json_integer_value(value);
    int64_t number = 0;
    const char *text = json_string_value(value);
    assert_non_null(text);
    assert_true(dln_num_parse_int(text, strlen(text), &number));
    return (uint64_t)number;
}

size_t vectors_numbers(const json_t *value, double *out, size_t cap)
{
    if (json_is_number(value)) {
        if (cap == 0) return 0;
        *out = json_number_value(value);
        return 1;
    }
    assert_true(json_is_array(value));
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(value); i++)
        n += vectors_numbers(json_array_get(value, i), out + n, cap - n);
    return n;
}

void vectors_assert_close(const json_t *expected, const double *actual, double absolute,
                          double relative)
{
    double numbers[512];
    const size_t n = vectors_numbers(expected, numbers, 512);
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++)
        assert_close(actual[i], numbers[i], absolute, relative);
}
