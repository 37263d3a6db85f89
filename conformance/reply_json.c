#include "conformance/reply_json.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/number.h"
#include "conformance/text.h"
#include "conformance/utf8.h"

void json_write_string(FILE *out, const char *text) {
    putc('"', out);
    for (size_t left = strlen(text); left > 0;) {
        size_t length = utf8_character_length(text, left);
        unsigned char c = (unsigned char)*text;
        if (length == 0) fputs("\\ufffd", out);
        else if (c == '"' || c == '\\') fprintf(out, "\\%c", c);
        else if (c == '\n') fputs("\\n", out);
        else if (c < ' ' || c == 0x7f) fprintf(out, "\\u%04x", c);
        else fwrite(text, 1, length, out);
        if (length == 0) length = 1;
        text += length;
        left -= length;
    }
    putc('"', out);
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool add_hex(ttl_reply *reply, ttl_reply_type type, const char *hex) {
    size_t digits = strlen(hex);
    if (digits % 2 != 0) return false;
    char *bytes = memory_zeroed(digits / 2 + 1, 1);
    bool sound = true;
    for (size_t i = 0; i < digits; i += 2) {
        int high = hex_digit(hex[i]), low = hex_digit(hex[i + 1]);
        sound = sound && high >= 0 && low >= 0;
        bytes[i / 2] = (char)(high * 16 + low);
    }
    if (sound) ttl_reply_add_text(reply, type, (ttl_bytes){bytes, digits / 2});
    free(bytes);
    return sound;
}

/* A text of a type: a string, or {"hex": ...} where it is not one. */
static bool add_text(ttl_reply *reply, ttl_reply_type type, const cJSON *json) {
    if (cJSON_IsString(json)) {
        ttl_reply_add_text(reply, type, ttl_bytes_of(json->valuestring));
        return true;
    }
    const cJSON *hex = cJSON_GetObjectItemCaseSensitive(json, "hex");
    return cJSON_IsString(hex) && add_hex(reply, type, hex->valuestring);
}

static bool add_integer(ttl_reply *reply, const cJSON *json) {
    int64_t integer;
    if (!cJSON_IsString(json)) return false;
    if (!number_parse(json->valuestring, strlen(json->valuestring), &integer)) return false;
    ttl_reply_add_integer(reply, integer);
    return true;
}

static bool add_any(ttl_reply *reply, const cJSON *json);

static bool add_list(ttl_reply *reply, ttl_reply_type type, const cJSON *json) {
    if (!cJSON_IsArray(json)) return false;
    ttl_reply_add_node(reply, type, (size_t)cJSON_GetArraySize(json));
    const cJSON *item;
    cJSON_ArrayForEach(item, json) if (!add_any(reply, item)) return false;
    return true;
}

/* A map is written as pairs. */
static bool add_map(ttl_reply *reply, const cJSON *json) {
    if (!cJSON_IsArray(json)) return false;
    ttl_reply_add_node(reply, TTL_REPLY_MAP, 2 * (size_t)cJSON_GetArraySize(json));
    const cJSON *pair;
    cJSON_ArrayForEach(pair, json) {
        if (!cJSON_IsArray(pair) || cJSON_GetArraySize(pair) != 2) return false;
        if (!add_any(reply, cJSON_GetArrayItem(pair, 0))) return false;
        if (!add_any(reply, cJSON_GetArrayItem(pair, 1))) return false;
    }
    return true;
}

static bool add_object(ttl_reply *reply, const cJSON *json) {
    static const struct {
        const char *name;
        ttl_reply_type type;
    } kinds[] = {
        {"status", TTL_REPLY_STATUS},     {"error", TTL_REPLY_ERROR}, {"double", TTL_REPLY_DOUBLE},
        {"verbatim", TTL_REPLY_VERBATIM}, {"set", TTL_REPLY_SET},     {"push", TTL_REPLY_PUSH},
    };
    const cJSON *value = json->child;
    if (value == NULL || value->next != NULL || value->string == NULL) return false;
    if (strcmp(value->string, "hex") == 0) return add_text(reply, TTL_REPLY_BULK, json);
    if (strcmp(value->string, "integer") == 0) return add_integer(reply, value);
    if (strcmp(value->string, "map") == 0) return add_map(reply, value);
    if (strcmp(value->string, "boolean") == 0 && cJSON_IsBool(value)) {
        ttl_reply_add_boolean(reply, cJSON_IsTrue(value));
        return true;
    }
    if (strcmp(value->string, "pending") == 0 && cJSON_IsTrue(value)) {
        ttl_reply_add_node(reply, TTL_REPLY_PENDING, 0);
        return true;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(value->string, kinds[i].name) != 0) continue;
        return ttl_reply_is_aggregate(kinds[i].type) ? add_list(reply, kinds[i].type, value)
                                                     : add_text(reply, kinds[i].type, value);
    }
    return false;
}

static bool add_any(ttl_reply *reply, const cJSON *json) {
    if (cJSON_IsString(json)) return add_text(reply, TTL_REPLY_BULK, json);
    if (cJSON_IsArray(json)) return add_list(reply, TTL_REPLY_ARRAY, json);
    if (cJSON_IsObject(json)) return add_object(reply, json);
    if (cJSON_IsNull(json)) {
        ttl_reply_add_nil(reply);
        return true;
    }
    if (!cJSON_IsNumber(json) || json->valuedouble > (double)NUMBER_EXACT_MAX ||
        json->valuedouble < -(double)NUMBER_EXACT_MAX)
        return false;
    ttl_reply_add_integer(reply, (int64_t)json->valuedouble);
    return (double)(int64_t)json->valuedouble == json->valuedouble;
}

bool reply_read_json(ttl_reply *reply, const cJSON *json) {
    ttl_reply_clear(reply);
    bool sound = json != NULL && add_any(reply, json) && !reply->failed;
    if (!sound) ttl_reply_clear(reply);
    return sound;
}
