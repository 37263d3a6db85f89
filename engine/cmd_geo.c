/* Places in sorted sets: GEOADD, GEOPOS, GEODIST, GEOHASH, and the searches, some of which store
 * what they find. */
#include <math.h>

#include "engine/db.h"
#include "engine/edit.h"
#include "engine/geo.h"
#include "engine/number.h"
#include "engine/require.h"
#include "engine/rule.h"
#include "engine/score.h"

/* ---- reading: each answers its error itself and returns false */

/* Longitude and latitude, which stand side by side. */
static bool call_point(struct call *call, size_t index, struct geo_point *point) {
    static const char error[] = "ERR value is not a valid float";
    if (!call_score(call, index, error, &point->longitude) ||
        !call_score(call, index + 1, error, &point->latitude))
        return false;
    if (geo_is_on_map(*point)) return true;
    char texts[2][NUMBER_LONG_DOUBLE_ROOM];
    ttl_bytes parts[] = {ttl_bytes_of("ERR invalid longitude,latitude pair "),
                         {texts[0], number_format_fixed(point->longitude, 6, texts[0])},
                         ttl_bytes_of(","),
                         {texts[1], number_format_fixed(point->latitude, 6, texts[1])}};
    reply_error_parts(call, parts, sizeof parts / sizeof *parts);
    return false;
}

static bool call_unit(struct call *call, size_t index, double *metres) {
    static const struct {
        const char *word;
        double metres;
    } units[] = {{"m", 1}, {"km", 1000}, {"ft", 0.3048}, {"mi", 1609.34}};
    RULE("geo.unit");
    bool any_case = call_has(call, TRAIT_GEO_UNITS_IN_ANY_CASE);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        *metres = units[i].metres;
        if (any_case ? call_is_word(call, index, units[i].word)
                     : ttl_bytes_equal(call->argv[index], ttl_bytes_of(units[i].word)))
            return true;
    }
    return call_refuse(call, any_case ? "ERR unsupported unit provided. please use M, KM, FT, MI"
                                      : "ERR unsupported unit provided. please use m, km, ft, mi");
}

/* ---- one member: where it is, if it is there */

static bool point_of_member(const struct collection *zset, ttl_bytes member,
                            struct geo_point *point) {
    size_t place = zset == NULL ? 0 : collection_find(zset, member);
    if (zset == NULL || place == zset->count) return false;
    *point = geo_of_score(zset->members[place].score);
    return true;
}

static void reply_coordinate(struct call *call, double degrees) {
    char text[NUMBER_LONG_DOUBLE_ROOM];
    RULE("geo.coordinate-text");
    size_t length = call_has(call, TRAIT_GEO_SHORTEST) ? number_format_shortest(degrees, text)
                                                       : number_format_long_double(degrees, text);
    ttl_reply_add_text(call->reply, TTL_REPLY_DOUBLE, (ttl_bytes){text, length});
}

static void reply_point(struct call *call, struct geo_point point) {
    reply_array(call, 2);
    reply_coordinate(call, point.longitude);
    reply_coordinate(call, point.latitude);
}

static void reply_distance(struct call *call, double distance) {
    char text[NUMBER_LONG_DOUBLE_ROOM];
    reply_bulk(call, (ttl_bytes){text, number_format_fixed(distance, 4, text)});
}

ttl_status geopos_command(struct call *call) {
    const struct collection *zset;
    struct geo_point point;
    RULE("geo.dead-is-missing");
    if (!call_read(call, VALUE_ZSET, &zset)) return TTL_OK;
    reply_array(call, call->argc - 2);
    for (size_t i = 2; i < call->argc; i++) {
        if (point_of_member(zset, call->argv[i], &point)) reply_point(call, point);
        else ttl_reply_add_node(call->reply, TTL_REPLY_NIL_ARRAY, 0);
    }
    return TTL_OK;
}

ttl_status geohash_command(struct call *call) {
    const struct collection *zset;
    struct geo_point point;
    if (!call_read(call, VALUE_ZSET, &zset)) return TTL_OK;
    reply_array(call, call->argc - 2);
    for (size_t i = 2; i < call->argc; i++) {
        char text[GEO_HASH_LENGTH];
        if (!point_of_member(zset, call->argv[i], &point)) {
            reply_nil(call);
            continue;
        }
        geo_hash(point, text);
        reply_bulk(call, (ttl_bytes){text, GEO_HASH_LENGTH});
    }
    return TTL_OK;
}

ttl_status geodist_command(struct call *call) {
    const struct collection *zset;
    struct geo_point from, to;
    double unit_m = 1;
    if (call->argc == 5 && !call_unit(call, 4, &unit_m)) return TTL_OK;
    if (call->argc > 5) return reply_syntax_error(call);
    if (!call_read(call, VALUE_ZSET, &zset)) return TTL_OK;
    if (!point_of_member(zset, call->argv[2], &from) || !point_of_member(zset, call->argv[3], &to))
        return reply_nil(call);
    reply_distance(call, geo_distance_m(from, to) / unit_m);
    return TTL_OK;
}

/* ---- GEOADD */

static bool geoadd_options(struct call *call, unsigned *flags, size_t *first) {
    static const struct {
        const char *word;
        enum zadd_flag flag;
    } words[] = {{"NX", ZADD_NX}, {"XX", ZADD_XX}, {"CH", ZADD_CH}};
    RULE("geoadd.options");
    bool takes_options = call_has(call, TRAIT_GEO_FORMS);
    for (size_t i = 0; takes_options && *first < call->argc && i < 3; i++) {
        if (!call_is_word(call, *first, words[i].word)) continue;
        *flags |= words[i].flag;
        ++*first;
        i = (size_t)-1;
    }
    bool is_whole = (call->argc - *first) % 3 == 0;
    if (is_whole && (*flags & (ZADD_NX | ZADD_XX)) != (ZADD_NX | ZADD_XX)) return true;
    return call_refuse(call, takes_options
                                 ? "ERR syntax error"
                                 : "ERR syntax error. Try GEOADD key [x1] [y1] [name1] [x2] "
                                   "[y2] [name2] ... ");
}

ttl_status geoadd_command(struct call *call) {
    struct memory *memory = &call->engine->memory;
    struct geo_point point;
    unsigned flags = 0;
    size_t first = 2;
    if (!geoadd_options(call, &flags, &first)) return TTL_OK;
    for (size_t i = first; i < call->argc; i += 3)
        if (!call_point(call, i, &point)) return TTL_OK;
    struct collection *batch = collection_new(memory, (call->argc - first) / 3);
    for (size_t i = first; batch != NULL && i < call->argc; i += 3) {
        require(number_parse_double(call->argv[i], &point.longitude));
        require(number_parse_double(call->argv[i + 1], &point.latitude));
        struct member member = {.bytes = call->argv[i + 2], .score = geo_score(point)};
        if (collection_append_copy(memory, batch, &member) == TTL_OK) continue;
        collection_free(memory, batch);
        batch = NULL;
    }
    RULE("geoadd.keeps-deadline");
    return zset_add(call, flags, batch);
}

/* ---- searching */

enum geo_order { GEO_ORDER_NONE, GEO_ORDER_NEAREST, GEO_ORDER_FARTHEST };

struct search {
    struct call *call;
    const struct collection *zset; /* NULL: there is no such key */
    bool is_geosearch;             /* else GEORADIUS and its like */
    bool may_store;
    size_t store; /* the argument that names the destination; 0: none */
    bool stores_distance;
    bool from_member, from_point; /* what `center` is from */
    struct geo_point center;
    bool is_circle, is_box;
    double unit_m, radius_m, width_m, height_m;
    bool with_point, with_distance, with_hash;
    enum geo_order order;
    bool any;
    int64_t count; /* 0: all */
};

static bool search_radius(struct search *search, size_t index) {
    struct call *call = search->call;
    search->is_circle = true;
    if (!call_score(call, index, "ERR need numeric radius", &search->radius_m)) return false;
    if (search->radius_m < 0) return call_refuse(call, "ERR radius cannot be negative");
    if (!call_unit(call, index + 1, &search->unit_m)) return false;
    search->radius_m *= search->unit_m;
    return true;
}

static bool search_box(struct search *search, size_t index) {
    struct call *call = search->call;
    search->is_box = true;
    if (!call_score(call, index, "ERR need numeric width", &search->width_m) ||
        !call_score(call, index + 1, "ERR need numeric height", &search->height_m))
        return false;
    if (search->width_m < 0 || search->height_m < 0)
        return call_refuse(call, "ERR height or width cannot be negative");
    if (!call_unit(call, index + 2, &search->unit_m)) return false;
    search->width_m *= search->unit_m;
    search->height_m *= search->unit_m;
    return true;
}

/* Where nothing is kept there is no member either; then nothing is found, which is no error. */
static bool search_around_member(struct search *search, size_t index) {
    struct call *call = search->call;
    search->from_member = true;
    if (search->zset == NULL || point_of_member(search->zset, call->argv[index], &search->center))
        return true;
    RULE("geo.no-such-member");
    if (!call_has(call, TRAIT_GEO_ERRORS_NAME_MORE))
        return call_refuse(call, "ERR could not decode requested zset member");
    ttl_bytes parts[] = {ttl_bytes_of("ERR member "), call->argv[index],
                         ttl_bytes_of(" does not exist")};
    reply_error_parts(call, parts, sizeof parts / sizeof *parts);
    return false;
}

static bool search_around_point(struct search *search, size_t index) {
    search->from_point = true;
    return call_point(search->call, index, &search->center);
}

static bool search_count(struct search *search, size_t index) {
    if (!call_integer(search->call, index, &search->count)) return false;
    return search->count > 0 || call_refuse(search->call, "ERR COUNT must be > 0");
}

/* Options without arguments; false: it is none of those. */
static bool take_plain_option(struct search *search, size_t i) {
    const struct call *call = search->call;
    bool stores_to_first = search->is_geosearch && search->store > 0;
    if (call_is_word(call, i, "WITHDIST")) search->with_distance = true;
    else if (call_is_word(call, i, "WITHHASH")) search->with_hash = true;
    else if (call_is_word(call, i, "WITHCOORD")) search->with_point = true;
    else if (call_is_word(call, i, "ASC")) search->order = GEO_ORDER_NEAREST;
    else if (call_is_word(call, i, "DESC")) search->order = GEO_ORDER_FARTHEST;
    else if (call_has(call, TRAIT_GEO_FORMS) && call_is_word(call, i, "ANY")) search->any = true;
    else if (stores_to_first && call_is_word(call, i, "STOREDIST")) search->stores_distance = true;
    else return false;
    return true;
}

/* One option and its arguments: how many words that is. 0: the answer has been given. */
static size_t take_option(struct search *search, size_t i) {
    struct call *call = search->call;
    size_t rest = call->argc - i - 1;
    bool searches = search->is_geosearch;
    if (take_plain_option(search, i)) return 1;
    if (rest >= 1 && call_is_word(call, i, "COUNT")) return search_count(search, i + 1) ? 2 : 0;
    bool is_distance = call_is_word(call, i, "STOREDIST");
    if (rest >= 1 && !searches && search->may_store &&
        (is_distance || call_is_word(call, i, "STORE"))) {
        search->store = i + 1;
        search->stores_distance = is_distance;
        return 2;
    }
    if (rest >= 1 && searches && !search->from_point && call_is_word(call, i, "FROMMEMBER"))
        return search_around_member(search, i + 1) ? 2 : 0;
    if (rest >= 2 && searches && !search->from_member && call_is_word(call, i, "FROMLONLAT"))
        return search_around_point(search, i + 1) ? 3 : 0;
    if (rest >= 2 && searches && !search->is_box && call_is_word(call, i, "BYRADIUS"))
        return search_radius(search, i + 1) ? 3 : 0;
    if (rest >= 3 && searches && !search->is_circle && call_is_word(call, i, "BYBOX"))
        return search_box(search, i + 1) ? 4 : 0;
    if (searches && call_is_word(call, i, "BYPOLYGON"))
        call_leave_open(call, "a search by BYPOLYGON is more than the reference engine does");
    reply_syntax_error(call);
    return 0;
}

static bool refuse_named(struct call *call, const char *error) {
    ttl_bytes parts[] = {ttl_bytes_of(error), call->argv[0]};
    reply_error_parts(call, parts, 2);
    return false;
}

static bool search_options(struct search *search, size_t first) {
    struct call *call = search->call;
    for (size_t i = first, taken; i < call->argc; i += taken)
        if ((taken = take_option(search, i)) == 0) return false;
    RULE("geo.error-order");
    if (search->store > 0 && (search->with_point || search->with_distance || search->with_hash)) {
        bool modern = call_has(call, TRAIT_GEO_FORMS);
        ttl_bytes parts[] = {
            ttl_bytes_of("ERR "),
            ttl_bytes_of(search->is_geosearch ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS"),
            ttl_bytes_of(" is not compatible with WITHDIST, WITHHASH and "),
            ttl_bytes_of(modern ? "WITHCOORD options" : "WITHCOORDS options")};
        reply_error_parts(call, parts, sizeof parts / sizeof *parts);
        return false;
    }
    if (!search->from_member && !search->from_point)
        return refuse_named(call, "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified "
                                  "for ");
    if (!search->is_circle && !search->is_box)
        return refuse_named(call, call_has(call, TRAIT_GEO_ERRORS_NAME_MORE)
                                      ? "ERR exactly one of BYRADIUS, BYBOX and BYPOLYGON can be "
                                        "specified for "
                                      : "ERR exactly one of BYRADIUS and BYBOX can be specified "
                                        "for ");
    if (search->any && search->count == 0)
        return call_refuse(call, "ERR the ANY argument requires COUNT argument");
    if (search->count > 0 && search->order == GEO_ORDER_NONE && !search->any)
        search->order = GEO_ORDER_NEAREST;
    return true;
}

/* ---- what is found */

static const double HALF_TURN = 180; /* degrees */

struct find {
    const struct member *member;
    double distance_m;
};

static bool is_within(const struct search *search, struct geo_point point, double *distance_m) {
    struct geo_point center = search->center;
    *distance_m = geo_distance_m(center, point);
    if (search->is_circle) return *distance_m <= search->radius_m;
    struct geo_point beside = {center.longitude, point.latitude};
    return geo_latitude_distance_m(center.latitude, point.latitude) <= search->height_m / 2 &&
           geo_distance_m(beside, point) <= search->width_m / 2;
}

static bool comes_before(const struct search *search, const struct find *a, const struct find *b) {
    if (search->order == GEO_ORDER_NEAREST) return a->distance_m < b->distance_m;
    return search->order == GEO_ORDER_FARTHEST && a->distance_m > b->distance_m;
}

/* Servers find by cells of the map, so that without an order anything may come first; equal
 * distances are in no order either. */
static void leave_order_open(const struct search *search, const struct find *finds, size_t found,
                             size_t told) {
    bool is_open = told > 1 && search->order == GEO_ORDER_NONE && search->store == 0;
    is_open = is_open || (told < found && search->any);
    for (size_t i = 1; search->order != GEO_ORDER_NONE && i < found && i <= told; i++)
        is_open = is_open || finds[i - 1].distance_m == finds[i].distance_m;
    if (is_open)
        call_leave_open(search->call, "in which order places are found is the server's own affair");
}

static size_t search_find(const struct search *search, struct find *finds) {
    size_t count = 0;
    const struct collection *zset = search->zset;
    for (size_t i = 0; zset != NULL && i < zset->count; i++) {
        struct find find = {.member = &zset->members[i]};
        if (!geo_is_in_cell(find.member->score)) continue;
        struct geo_point point = geo_of_score(find.member->score);
        if (!is_within(search, point, &find.distance_m)) continue;
        if (fabs(point.longitude - search->center.longitude) > HALF_TURN)
            call_leave_open(search->call, "beyond the edge of the map servers find less than there "
                                          "is");
        size_t place = count++;
        for (; place > 0 && comes_before(search, &find, &finds[place - 1]); place--)
            finds[place] = finds[place - 1];
        finds[place] = find;
    }
    size_t told = count;
    if (search->count > 0 && (uint64_t)search->count < told) told = (size_t)search->count;
    leave_order_open(search, finds, count, told);
    return told;
}

static ttl_status reply_finds(const struct search *search, const struct find *finds, size_t count) {
    struct call *call = search->call;
    size_t more = (size_t)search->with_distance + search->with_hash + search->with_point;
    reply_array(call, count);
    for (size_t i = 0; i < count; i++) {
        const struct member *member = finds[i].member;
        if (more > 0) reply_array(call, 1 + more);
        reply_bulk(call, member->bytes);
        if (search->with_distance) reply_distance(call, finds[i].distance_m / search->unit_m);
        if (search->with_hash) reply_integer(call, (int64_t)member->score);
        if (search->with_point) reply_point(call, geo_of_score(member->score));
    }
    return TTL_OK;
}

static ttl_status store_finds(const struct search *search, const struct find *finds, size_t count) {
    struct call *call = search->call;
    struct memory *memory = &call->engine->memory;
    struct collection *result = collection_new(memory, count);
    if (result == NULL) return TTL_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        struct member member = {.bytes = finds[i].member->bytes, .score = finds[i].member->score},
                      copy;
        if (search->stores_distance) member.score = finds[i].distance_m / search->unit_m;
        if (member_copy(memory, &member, &copy) != TTL_OK) {
            collection_free(memory, result);
            return TTL_NO_MEMORY;
        }
        zset_insert(result, copy);
    }
    RULE("event.geostore");
    return store_collection(call, call->argv[search->store], VALUE_ZSET, result,
                            search->is_geosearch ? "geosearchstore" : "georadiusstore");
}

static ttl_status search_run(struct search *search) {
    struct call *call = search->call;
    struct memory *memory = &call->engine->memory;
    size_t room = (search->zset == NULL ? 0 : search->zset->count) * sizeof(struct find);
    struct find *finds = memory_take(memory, room + 1);
    if (finds == NULL) return TTL_NO_MEMORY;
    size_t count = search_find(search, finds);
    ttl_status status =
        search->store > 0 ? store_finds(search, finds, count) : reply_finds(search, finds, count);
    memory_give(memory, finds, room + 1);
    return status;
}

/* False: the answer has been given. Before 6.2 where nothing is kept nothing else was looked at,
 * not even STORE. */
static bool search_look_up(struct search *search, size_t source) {
    struct call *call = search->call;
    struct key key = db_read(call, call->argv[source]);
    if (!db_check_type(call, key, VALUE_ZSET)) return false;
    search->zset = key.record == NULL ? NULL : key_collection(key);
    if (search->zset != NULL || call_has(call, TRAIT_GEO_FORMS)) return true;
    RULE("geo.nothing-stored-in-6.0");
    reply_array(call, 0);
    return false;
}

static ttl_status georadius_generic(struct call *call, bool by_member, bool may_store) {
    struct search search = {.call = call, .may_store = may_store};
    size_t radius = by_member ? 3 : 4;
    if (!search_look_up(&search, 1)) return TTL_OK;
    bool has_center =
        by_member ? search_around_member(&search, 2) : search_around_point(&search, 2);
    /* Without a member to start from servers do not read the radius. */
    search.is_circle = true;
    bool reads_radius = has_center && (!by_member || search.zset != NULL);
    if (!has_center || (reads_radius && !search_radius(&search, radius))) return TTL_OK;
    return search_options(&search, radius + 2) ? search_run(&search) : TTL_OK;
}

ttl_status georadius_command(struct call *call) {
    return georadius_generic(call, false, true);
}

ttl_status georadius_ro_command(struct call *call) {
    return georadius_generic(call, false, false);
}

ttl_status georadiusbymember_command(struct call *call) {
    return georadius_generic(call, true, true);
}

ttl_status georadiusbymember_ro_command(struct call *call) {
    return georadius_generic(call, true, false);
}

static ttl_status geosearch_generic(struct call *call, size_t store, size_t source) {
    struct search search = {.call = call, .is_geosearch = true, .store = store};
    if (!search_look_up(&search, source)) return TTL_OK;
    return search_options(&search, source + 1) ? search_run(&search) : TTL_OK;
}

ttl_status geosearch_command(struct call *call) {
    return geosearch_generic(call, 0, 1);
}

ttl_status geosearchstore_command(struct call *call) {
    return geosearch_generic(call, 1, 2);
}
