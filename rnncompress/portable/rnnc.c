/* rnnc - decodes and encodes the files of rnncompress, format version 1.
 *
 *     cc -O3 -o rnnc rnnc.c
 *     ./rnnc d FILE.rnnc OUT                       decode
 *     ./rnnc e FILE OUT.rnnc layers=1 hidden=64    encode
 *     ./rnnc i FILE.rnnc                           tell the configuration, as `e` takes it
 *
 * One file of C99, for any machine with floats of IEEE 754. It was written from docs/format.md and
 * docs/format-mixing.md; docs/arithmetic.md, docs/mixing.md, docs/strokes.md say why everything is as it is. Read it from
 * the top: tools, files in memory, the header, arithmetic, the range coder, the network, the mixing stage, what joins
 * them, strokes, words, trained models, encoding and decoding.
 *
 * Names: B streams, T steps of a window, L layers, H units, N = gates * H rows of a layer's matrix, A = 256 symbols.
 * Arrays are flat; a comment such as "(B, T, A)" gives the shape, the last index runs fastest.
 *
 * All sums are of integers, so they may be computed in any order and by vector instructions; floats see nothing but
 * single operations of IEEE 754. A compiler must keep these single: see the lines on floats below, and self_check().
 */

#define _FILE_OFFSET_BITS 64
#define _POSIX_C_SOURCE 200809L
#include <float.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- floats, and what compilers offer -------------------------------------------------------------------------------- */

#if FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 16 /* of 16 bits, where a processor has such floats, nothing is here */
#error "floats must be computed as floats: on 32-bit x86 compile with -msse2 -mfpmath=sse, on s390x with -std=gnu99"
#endif
#ifdef __FAST_MATH__
#error "-ffast-math changes results, and so the bytes of files"
#endif
/* No fused multiply-add: it rounds once where two operations round twice. Nobody asks for traps either; without them
 * gcc turns comparisons of floats into vector code, which is wanted at -O2, too. */
#if defined __clang__
#pragma STDC FP_CONTRACT OFF
#elif defined __GNUC__
#pragma GCC optimize("fp-contract=off", "no-trapping-math", "tree-vectorize", "vect-cost-model=dynamic")
#endif

#ifdef __GNUC__
#define NORETURN __attribute__((noreturn))
#define PREFETCH(address) __builtin_prefetch(address)
#else
#define NORETURN
#define PREFETCH(address) ((void)(address))
#endif

#ifndef OPEN /* an archive that restores itself has what it reads within */
#define OPEN(name) fopen(name, "rb")
#endif

#ifdef _WIN32
#define fseeko _fseeki64
#define ftello _ftelli64
#endif

/* -- errors ---------------------------------------------------------------------------------------------------------- */

enum { FAILED = 1, USAGE = 2, MISMATCH = 3, CANNOT_HERE = 4 };

static const char *unfinished; /* an output that is to be removed if the run fails */

static NORETURN void fail(int code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("rnnc: error: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    if (unfinished) remove(unfinished);
    exit(code);
}

/* -- memory ---------------------------------------------------------------------------------------------------------- */

/* Arrays are zero at first, begin at a multiple of a cache line, and stay until the program ends. What would exceed the
 * limit is counted, but not allocated: once all arrays of a task are asked for, check_memory() tells how much it takes. */

enum { CACHE_LINE = 64 };
static uint64_t memory_limit = (uint64_t)8 << 30, measured;

static uint64_t times(uint64_t a, uint64_t b) { return a && b > UINT64_MAX / a ? UINT64_MAX : a * b; }
static uint64_t plus(uint64_t a, uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }
static int too_much(void) { return measured > memory_limit || measured > SIZE_MAX / 2; }

static void *array(size_t size, uint64_t count, uint64_t width) {
    uint64_t bytes = plus(times(times(count, width), size), CACHE_LINE);
    measured = plus(measured, bytes);
    if (too_much()) return NULL;
    char *start = calloc(1, (size_t)bytes);
    if (!start) fail(FAILED, "not enough memory");
    return start + (CACHE_LINE - (uintptr_t)start % CACHE_LINE) % CACHE_LINE;
}

#define ARRAY(type, count, width) ((type *)array(sizeof(type), count, width))

static void check_memory(void) {
    if (too_much())
        fail(FAILED, "it takes %" PRIu64 " MiB of memory, but the limit is %" PRIu64 " MiB; -M raises it",
             measured >> 20, memory_limit >> 20);
}

/* -- numbers --------------------------------------------------------------------------------------------------------- */

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }
static uint64_t most(uint64_t a, uint64_t b) { return a > b ? a : b; }
static uint64_t pieces(uint64_t whole, uint64_t size) { return whole / size + (whole % size != 0); }
static int64_t clamp(int64_t x, int64_t low, int64_t high) { return x < low ? low : x > high ? high : x; }

static uint64_t little_endian(const uint8_t *data, int bytes) {
    uint64_t value = 0;
    while (bytes--) value = value << 8 | data[bytes];
    return value;
}

static void put_little_endian(uint8_t *out, uint64_t value, int bytes) {
    for (; bytes--; value >>= 8) *out++ = (uint8_t)value;
}

enum { LONGEST_VARINT = 9 };

/* CRC-32 as in zip and PNG, of what `crc` was of and these bytes. */
static uint32_t crc32(uint32_t crc, const uint8_t *data, size_t size) {
    crc = ~crc;
    while (size--) {
        crc ^= *data++;
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return ~crc;
}

/* BLAKE2b (RFC 7693) with a digest of 128 bits and no key. */
typedef struct {
    uint64_t state[8], total;
    uint8_t buffer[128];
    size_t used;
} Hash;

enum { DIGEST = 16 };

static const uint64_t BLAKE_START[8] = {0x6A09E667F3BCC908u, 0xBB67AE8584CAA73Bu, 0x3C6EF372FE94F82Bu,
                                        0xA54FF53A5F1D36F1u, 0x510E527FADE682D1u, 0x9B05688C2B3E6C1Fu,
                                        0x1F83D9ABFB41BD6Bu, 0x5BE0CD19137E2179u};

static void hash_begin(Hash *hash) {
    memset(hash, 0, sizeof *hash);
    memcpy(hash->state, BLAKE_START, sizeof BLAKE_START);
    hash->state[0] ^= 0x01010000 ^ DIGEST;
}

static uint64_t rotate(uint64_t x, int bits) { return x >> bits | x << (64 - bits); }

static void blake_quarter(uint64_t *v, int a, int b, int c, int d, uint64_t x, uint64_t y) {
    v[a] += v[b] + x, v[d] = rotate(v[d] ^ v[a], 32);
    v[c] += v[d], v[b] = rotate(v[b] ^ v[c], 24);
    v[a] += v[b] + y, v[d] = rotate(v[d] ^ v[a], 16);
    v[c] += v[d], v[b] = rotate(v[b] ^ v[c], 63);
}

static void hash_block(Hash *hash, int last) {
    static const uint8_t ORDER[10][16] = {
        {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
        {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
        {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
        {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
        {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
    };
    uint64_t v[16], m[16];
    for (int n = 0; n < 8; n++) v[n] = hash->state[n], v[8 + n] = BLAKE_START[n];
    for (int n = 0; n < 16; n++) m[n] = little_endian(hash->buffer + 8 * n, 8);
    v[12] ^= hash->total;
    if (last) v[14] = ~v[14];
    for (int round = 0; round < 12; round++) {
        const uint8_t *s = ORDER[round % 10];
        for (int n = 0; n < 4; n++) blake_quarter(v, n, 4 + n, 8 + n, 12 + n, m[s[2 * n]], m[s[2 * n + 1]]);
        for (int n = 0; n < 4; n++)
            blake_quarter(v, n, 4 + (n + 1) % 4, 8 + (n + 2) % 4, 12 + (n + 3) % 4, m[s[8 + 2 * n]], m[s[9 + 2 * n]]);
    }
    for (int n = 0; n < 8; n++) hash->state[n] ^= v[n] ^ v[8 + n];
    hash->used = 0;
}

static void hash_add(Hash *hash, const void *data, size_t size) {
    for (const uint8_t *byte = data; size--; hash->total++) {
        if (hash->used == sizeof hash->buffer) hash_block(hash, 0);
        hash->buffer[hash->used++] = *byte++;
    }
}

static void hash_end(Hash *hash, uint8_t digest[DIGEST]) {
    memset(hash->buffer + hash->used, 0, sizeof hash->buffer - hash->used);
    hash_block(hash, 1);
    for (int n = 0; n < DIGEST / 8; n++) put_little_endian(digest + 8 * n, hash->state[n], 8);
}

/* -- files in memory ------------------------------------------------------------------------------------------------- */

/* A file, or a part of one, that is read or written from `at` on. What follows does both, so each form is told once: a
 * value is taken from the buffer, or put there. */
typedef struct {
    const char *name;
    uint8_t *data;
    uint64_t size, at;
    int writing;
    uint32_t crc; /* of all bytes so far, checksums left out */
} Buffer;

static Buffer new_buffer(const char *name, uint64_t size, int writing) {
    return (Buffer){.name = name, .data = ARRAY(uint8_t, size, 1), .size = size, .writing = writing};
}

static Buffer read_file(const char *name) {
    FILE *file = OPEN(name);
    if (!file || fseeko(file, 0, SEEK_END)) fail(FAILED, "%s: cannot be read", name);
    Buffer f = new_buffer(name, (uint64_t)ftello(file), 0);
    check_memory();
    rewind(file);
    if (fread(f.data, 1, (size_t)f.size, file) != f.size) fail(FAILED, "%s: cannot be read", name);
    fclose(file);
    return f;
}

/* The place of the next bytes. `what` they are is told where there are too few. */
static uint8_t *next_bytes(Buffer *f, uint64_t count, const char *what) {
    const char *wrong = f->writing ? "damaged: more bytes than announced, from" : "ends too early, in";
    uint8_t *place = f->data + f->at;
    if (count > f->size - f->at) fail(FAILED, "%s: %s %s", f->name, wrong, what);
    f->at += count;
    return place;
}

static Buffer take_part(Buffer *f, uint64_t size, const char *what) {
    return (Buffer){.name = f->name, .data = next_bytes(f, size, what), .size = size};
}

static void check_end(const Buffer *f, const char *what) {
    if (f->at != f->size) fail(FAILED, "%s: damaged: bytes follow the end of %s", f->name, what);
}

static void code_bytes(Buffer *f, void *bytes, uint64_t count, const char *what) {
    uint8_t *place = next_bytes(f, count, what);
    memcpy(f->writing ? place : bytes, f->writing ? bytes : place, (size_t)count);
    f->crc = crc32(f->crc, place, (size_t)count);
}

static void code_number(Buffer *f, uint64_t *number, int bytes, const char *what) {
    uint8_t data[8];
    put_little_endian(data, *number, bytes);
    code_bytes(f, data, (uint64_t)bytes, what);
    *number = little_endian(data, bytes);
}

/* Groups of seven bits, the lowest first, in the shortest form. */
static void code_varint(Buffer *f, uint64_t *number, const char *what) {
    uint64_t rest = *number, byte = 128;
    *number = 0;
    for (int shift = 0; byte > 127; shift += 7, rest >>= 7) {
        byte = (rest & 127) | (uint64_t)(rest > 127) << 7;
        code_number(f, &byte, 1, what);
        if (shift > 56 || (shift && !byte))
            fail(FAILED, "%s: damaged: a number in %s is not in its shortest form", f->name, what);
        *number |= (byte & 127) << shift;
    }
}

static void code_crc(Buffer *f, const char *what) {
    uint32_t own = f->crc;
    uint64_t crc = own;
    code_number(f, &crc, 4, what);
    if (crc != own) fail(FAILED, "%s: damaged: the checksum of %s differs", f->name, what);
    f->crc = own;
}

static uint64_t take_number(Buffer *f, int bytes, const char *what) {
    uint64_t number = 0;
    code_number(f, &number, bytes, what);
    return number;
}

static uint64_t take_varint(Buffer *f, const char *what) {
    uint64_t number = 0;
    code_varint(f, &number, what);
    return number;
}

/* -- the configuration ----------------------------------------------------------------------------------------------- */

/* All fields of all parts, in the order of the file. */
enum {
    STREAMS, WINDOW, LANES,
    CELL, ALPHABET, LAYERS, HIDDEN, RATE_FIRST, RATE_LAST, HORIZON,
    CONTEXTS, CONTEXT_BITS,
    MIXING, SETS, SLOT_BITS, PAST_BITS, FROZEN,
    POINTS,
    COMPONENTS,
    DIRECT,
    WORDS,
    STROKES,
    FIELDS
};

#define ANY_SIZE 0x7FFFFFFFu
static const struct {
    const char *name;
    uint64_t least, most, step, usual; /* usual: what rnnc e takes where it is not told */
} FIELD[FIELDS] = {
    {"streams", 1, ANY_SIZE, 1, 16},
    {"window", 2, ANY_SIZE, 2, 16},
    {"lanes", 1, ANY_SIZE, 1, 1},
    {"cell", 0, 1, 1, 0}, /* 0 LSTM, 1 RNN */
    {"alphabet", 256, 256, 1, 256},
    {"layers", 0, 255, 1, 2},
    {"hidden", 16, ANY_SIZE, 16, 256},
    {"rate_first", 0, ANY_SIZE, 1, 6000},
    {"rate_last", 0, ANY_SIZE, 1, 2000},
    {"horizon", 1, 1u << 30, 1, 1000},
    {"contexts", 0, (1u << 26) - 2, 2, 0},
    {"context_bits", 1, 30, 1, 18},
    {"mixing", 0, ((uint64_t)1 << 63) - 1, 1, 0},
    {"sets", 1, 14, 1, 14},
    {"slot_bits", 1, 26, 1, 18},
    {"past_bits", 12, 30, 1, 22},
    {"frozen", 1, 4096, 1, 8},
    {"points", 0, 1, 1, 0},
    {"components", 0, 20, 1, 0},
    {"direct", 0, ((uint64_t)1 << 63) - 1, 1, 0},
    {"words", 0, ((uint64_t)1 << 63) - 1, 1, 0}, /* bytes that are coded in place of the original: its words, */
    {"strokes", 0, ((uint64_t)1 << 63) - 1, 1, 0}, /* or its strokes */
};

/* Fields that are in use together; a part is absent if its switch is 0. */
enum { NO_SWITCH = -1 };
static const struct {
    int tag, first, end, on;
    const char *name;
} PART[] = {
    {1, STREAMS, CELL, NO_SWITCH, "walk"},
    {2, CELL, CONTEXTS, LAYERS, "network"},
    {3, CONTEXTS, MIXING, CONTEXTS, "contexts"},
    {4, MIXING, POINTS, MIXING, "mixing"},
    {5, POINTS, COMPONENTS, POINTS, "points"},
    {6, COMPONENTS, DIRECT, COMPONENTS, "density"},
    {7, DIRECT, WORDS, DIRECT, "direct"},
    {254, WORDS, STROKES, WORDS, "words"},
    {255, STROKES, FIELDS, STROKES, "strokes"},
};
enum { PARTS = sizeof PART / sizeof *PART };

typedef struct {
    uint64_t is[FIELDS];
} Config;

static int has_part(const Config *config, int part) {
    return PART[part].on == NO_SWITCH || config->is[PART[part].on] != 0;
}

/* Set the fields of parts that are not in use, all but the switch, to what they usually are. */
static void default_absent(Config *config) {
    for (int part = 0; part < PARTS; part++)
        for (int n = PART[part].first; !has_part(config, part) && n < PART[part].end; n++)
            if (n != PART[part].on) config->is[n] = FIELD[n].usual;
}

enum { MOST_DIRECT = 24 }; /* kinds of contexts with direct probabilities */

static int bits_of(uint64_t set) {
    int count = 0;
    for (; set; set &= set - 1) count++;
    return count;
}

/* What is wrong with a configuration; NULL if nothing is. */
static const char *wrong_with(const Config *config) {
    for (int part = 0; part < PARTS; part++)
        for (int n = PART[part].first; has_part(config, part) && n < PART[part].end; n++) {
            uint64_t value = config->is[n];
            if (value < FIELD[n].least || value > FIELD[n].most || value % FIELD[n].step) return FIELD[n].name;
        }
    if (!config->is[LAYERS] && !config->is[MIXING]) return "layers";
    if (config->is[POINTS] && !config->is[MIXING]) return "points";
    if (config->is[DIRECT] & ~config->is[MIXING] || bits_of(config->is[DIRECT]) > MOST_DIRECT) return "direct";
    if (config->is[COMPONENTS] && (!config->is[LAYERS] || config->is[CONTEXTS])) return "components";
    if (config->is[LANES] > config->is[STREAMS]) return "lanes";
    if (config->is[WORDS] && config->is[STROKES]) return "words";
    return NULL;
}

/* -- the header ------------------------------------------------------------------------------------------------------ */

enum { VERSION = 1, MODEL_HASH = 8, LONGEST_BODY = 255, LONGEST_HEADER = 266 };
enum { MODEL, STORED, TRAINED, MODES };
static const char HEADER[] = "the header";

/* How a file uses a trained model: the walk, then learning where it is not the usual one. */
enum { WALK = 4, USES = 8 };
static const int USE[USES] = {STREAMS, WINDOW, LANES, FROZEN, RATE_FIRST, RATE_LAST, HORIZON, PAST_BITS};

typedef struct {
    uint64_t mode, length; /* of the original */
    uint8_t digest[DIGEST];
    Config config; /* with a trained model what is told of it: WALK or USES of the fields in USE, and STROKES */
    uint8_t trained[MODEL_HASH];
    int uses;
} Header;

/* Bytes that are coded. */
static uint64_t coded(const Header *header) {
    const uint64_t *is = header->config.is;
    return is[WORDS] ? is[WORDS] : is[STROKES] ? is[STROKES] : header->length;
}

static NORETURN void impossible(const Buffer *f, const char *what) {
    fail(FAILED, "%s: damaged: the header announces an impossible %s", f->name, what);
}

/* A part of the configuration, without the fields in the set `without`. */
static void code_part(Buffer *f, Config *config, int part, uint32_t without) {
    uint64_t tag = (uint64_t)PART[part].tag, size = 0;
    code_number(f, &tag, 1, HEADER);
    code_number(f, &size, 1, HEADER);
    const uint64_t start = f->at;
    for (int n = PART[part].first; n < PART[part].end; n++)
        if (!(without >> n & 1)) code_varint(f, config->is + n, HEADER);
    if (f->writing) f->data[start - 1] = (uint8_t)(size = f->at - start);
    if (size != f->at - start || config->is[CELL] > FIELD[CELL].most) impossible(f, PART[part].name);
}

static void code_config(Buffer *f, Config *config) {
    int last = 0, present = 0;
    for (int part = 0; part < PARTS; part++) {
        int tag = PART[part].tag;
        if (f->writing ? !has_part(config, part) : f->at == f->size || f->data[f->at] != tag) continue;
        code_part(f, config, part, 0);
        present |= 1 << part, last = tag;
    }
    if (!f->writing && f->at < f->size) {
        int tag = f->data[f->at];
        if (tag <= last || f->at + 1 == f->size) impossible(f, "order of parts");
        fail(CANNOT_HERE, "%s: part %d of its header needs a newer program", f->name, tag);
    }
    for (int part = 0; part < PARTS; part++)
        if (present >> part & 1 && !has_part(config, part)) impossible(f, PART[part].name);
    const char *wrong = wrong_with(config);
    if (wrong) impossible(f, wrong);
}

/* Read how a model is used; if one number more is there it is that of packed strokes. */
static void read_use(Buffer *f, Header *header) {
    uint64_t *is = header->config.is, number[USES + 1];
    int count = 0;
    while (f->at < f->size && count <= USES) number[count++] = take_varint(f, HEADER);
    if (count % 2 && !(is[STROKES] = number[--count])) impossible(f, "strokes");
    if (count != WALK && count != USES) impossible(f, "use");
    for (int k = 0, n; k < count; k++) {
        uint64_t value = is[n = USE[k]] = number[k];
        if ((value < FIELD[n].least && (n != FROZEN || value)) || value > FIELD[n].most || value % FIELD[n].step)
            impossible(f, FIELD[n].name);
    }
    if (is[LANES] > is[STREAMS]) impossible(f, "lanes");
    header->uses = count;
}

/* No steps are frozen where nothing is mixed. */
static void write_use(Buffer *f, const Header *header) {
    const uint64_t *is = header->config.is;
    for (int n = 0; n <= header->uses; n++) {
        int field = n < header->uses ? USE[n] : STROKES;
        uint64_t number = field == FROZEN && !is[MIXING] ? 0 : is[field];
        if (field != STROKES || number) code_varint(f, &number, HEADER);
    }
}

static void code_body(Buffer *f, Header *header) {
    code_number(f, &header->mode, 1, HEADER);
    code_varint(f, &header->length, HEADER);
    code_bytes(f, header->digest, DIGEST, HEADER);
    if (header->mode >= MODES) impossible(f, "mode");
    if (header->mode == MODEL) code_config(f, &header->config);
    if (header->mode != TRAINED) return;
    code_bytes(f, header->trained, MODEL_HASH, HEADER);
    if (f->writing)
        write_use(f, header);
    else
        read_use(f, header);
}

static void code_header(Buffer *f, Header *header) {
    static const uint8_t MAGIC[4] = {0x89, 'R', 'N', 'N'};
    uint8_t magic[4], data[LONGEST_BODY];
    uint64_t version = VERSION;
    Buffer body = {.name = f->name, .data = data, .size = LONGEST_BODY, .writing = f->writing};
    if (f->writing) code_body(&body, header);
    memcpy(magic, MAGIC, sizeof magic);
    code_bytes(f, magic, f->writing ? 4 : least(4, f->size), HEADER);
    if (!f->size || memcmp(magic, MAGIC, sizeof magic)) fail(FAILED, "%s: not an rnncompress file", f->name);
    code_number(f, &version, 1, HEADER);
    code_number(f, &body.at, 1, HEADER);
    code_bytes(f, data, body.size = body.at, HEADER);
    code_crc(f, HEADER);
    if (version != VERSION) fail(CANNOT_HERE, "%s: format version %" PRIu64 " needs a newer program", f->name, version);
    if (f->writing) return;
    body.at = 0;
    code_body(&body, header);
    check_end(&body, HEADER);
}

/* -- exact arithmetic ------------------------------------------------------------------------------------------------ */

/* Grids: an activation is n / 2^7, a weight n / 2^13, a gradient n / 2^14. Products of these have the units below. */
enum { ACTIVATION_MAX = 127, WEIGHT_MAX = 32639, GRADIENT_MAX = 16383 };
static const float WEIGHT_SCALE = 8192, WEIGHT_LIMIT = WEIGHT_MAX / 8192.0f;
static const float FORWARD_UNIT = 1 / 1048576.0f, BACKWARD_UNIT = 1 / 524288.0f; /* 2^-20, 2^-19 */
static const float MATRIX_UNIT = 1 / 2097152.0f, VECTOR_UNIT = 1 / 16384.0f;     /* 2^-21, 2^-14 */
static const float EPSILON = 1e-16f;

static inline float within(float x, float limit) {
    x = x < -limit ? -limit : x;
    return x > limit ? limit : x;
}

/* The nearest integer, ties to even: adding 1.5 * 2^23 leaves no room for a fraction. For |x| < 2^22. */
static inline float nearest(float x) { return (x + 12582912.0f) - 12582912.0f; }

static inline float tanh_(float x) {
    x = within(x, 4.875f);
    float s = x * x;
    float numerator = x * (135135.0f + s * (17325.0f + s * (378.0f + s)));
    return numerator / (135135.0f + s * (62370.0f + s * (3150.0f + s * 28.0f)));
}

static inline float sigmoid(float x) { return 0.5f + 0.5f * tanh_(0.5f * x); }

/* exp(x) of x <= 0 as (1 + x/1024)^1024. */
static inline float exp_(float x) {
    float y = 1.0f + x * (1 / 1024.0f);
    y = y < 0.0f ? 0.0f : y;
    y = y * y, y = y * y, y = y * y, y = y * y, y = y * y;
    y = y * y, y = y * y, y = y * y, y = y * y, y = y * y;
    return y;
}

/* 1 / sqrt(x): a seed from the bits of x, and one Newton step. */
static inline float inverse_root(float x) {
    int32_t bits;
    float y;
    memcpy(&bits, &x, sizeof bits);
    bits = 0x5F3759DF - (bits >> 1);
    memcpy(&y, &bits, sizeof y);
    return y * (1.5f - 0.5f * x * y * y);
}

/* The root of a double > 0, rounded to nearest, digit by digit: the library's is not the same everywhere. */
static double root(double x) {
    double scale = 1;
    while (x < 0.25) x *= 4, scale /= 2;
    while (x >= 1) x /= 4, scale *= 2;
    uint64_t mantissa = (uint64_t)(x * 18014398509481984.0), rest = 0, y = 0; /* x * 2^54, exact */
    for (int bit = 52; bit > -56; bit -= 2) {
        rest = rest << 2 | (bit >= 0 ? mantissa >> bit & 3 : 0);
        y <<= 1;
        if (rest >= 2 * y + 1) rest -= 2 * y + 1, y++;
    }
    return (double)((y + 1) / 2) * scale / 9007199254740992.0; /* 54 bits, the last of which rounds */
}

/* A bijection that scatters counters (Wellons' lowbias32). */
static inline uint32_t mix(uint32_t x) {
    x = (x ^ x >> 16) * 0x7FEB352Du;
    x = (x ^ x >> 15) * 0x846CA68Bu;
    return x ^ x >> 16;
}

static uint32_t noise_key(uint64_t purpose, uint64_t number) { return mix((uint32_t)(number * 64 + purpose)); }

/* Strictly between 0 and 1, an odd multiple of 2^-24. */
static inline float uniform(uint32_t key, uint32_t counter) {
    return (float)(int32_t)(mix(counter ^ key) >> 9 << 1 | 1) * (1 / 16777216.0f);
}

/* The integer below g * 2^14 + u, u in (0, 1), clipped: a gradient's rounding is right on average. */
static inline int16_t dithered(float g, uint32_t key, uint32_t counter) {
    float x = within(g * 16384.0f + uniform(key, counter), GRADIENT_MAX);
    int32_t n = (int32_t)x;
    return (int16_t)(n - ((float)n > x));
}

/* -- the logistic function as integers ----------------------------------------------------------------------------- */

/* Densities and the whole mixing stage are computed by integers alone. What is stretched, ln(p / (1 - p)), has the unit
 * 1/256. Shifts to the right of negative numbers round down, as everywhere since long. */
#if -1 >> 1 != -1
#error "a shift to the right of a negative number must keep its sign"
#endif

enum { SQUASH_LIMIT = 3071, STRETCH_LIMIT = 2047, REACH = 16 * 256 };
#define UNIT ((uint64_t)1 << 60)
static int32_t squash_table[2 * SQUASH_LIMIT + 1]; /* probabilities of 65536 */
static int16_t stretch_table[4096];
static int64_t decay[REACH + 1], logistic[2 * REACH + 1]; /* e^(-n/256), 2^16 is 1; 1 / (1 + e^(-n/256)), 2^20 is 1 */

static int32_t squash(int64_t x) { return squash_table[x + SQUASH_LIMIT]; }

/* The quotient, rounded down, also below 0. */
static int64_t quotient(int64_t a, int64_t b) { return (a - (a < 0 ? b - 1 : 0)) / b; }

/* a * b / 2^60. */
static uint64_t product60(uint64_t a, uint64_t b) {
    uint64_t half = ((uint64_t)1 << 30) - 1, ah = a >> 30, al = a & half, bh = b >> 30, bl = b & half;
    return ah * bh + ((ah * bl + al * bh + (al * bl >> 30)) >> 30);
}

/* 2^bits / (1 + falling), rounded. */
static int32_t part_of(uint64_t falling, int bits) {
    uint64_t all = UNIT + falling, rest = UNIT;
    int32_t p = 0;
    while (bits--) {
        p = 2 * p + (2 * rest >= all);
        rest = 2 * rest >= all ? 2 * rest - all : 2 * rest;
    }
    return p + (rest + all / 2 >= all);
}

static void make_tables(void) {
    uint64_t ratio = 0, term = UNIT, falling = UNIT; /* e^(-1/256) from its series, e^(-x/256) */
    for (uint64_t n = 0; term; term /= 256 * ++n) ratio = n % 2 ? ratio - term : ratio + term;
    for (int x = 0; x <= REACH; x++, falling = product60(falling, ratio)) {
        decay[x] = (int64_t)((falling + (UNIT >> 17)) >> 44);
        logistic[REACH + x] = part_of(falling, 20);
        logistic[REACH - x] = (1 << 20) - logistic[REACH + x];
        if (x > SQUASH_LIMIT) continue;
        squash_table[SQUASH_LIMIT + x] = (int32_t)least(65535, (uint64_t)part_of(falling, 16));
        squash_table[SQUASH_LIMIT - x] = 65536 - squash_table[SQUASH_LIMIT + x];
    }
    for (int n = 0, x = 0; n < 4096; n++) {
        while (x <= 2 * SQUASH_LIMIT && squash_table[x] < 16 * n + 8) x++;
        stretch_table[n] = (int16_t)clamp(x - SQUASH_LIMIT, -STRETCH_LIMIT, STRETCH_LIMIT);
    }
}

/* -- products of integers -------------------------------------------------------------------------------------------- */

/* So many products of 8 by 16 bits are added before they could leave 32 bits; sums of these are modulo 2^32. */
enum { SAFE = 512, TILE = 16 };

/* sums[r] += rows[r] . x for TILE rows of n numbers. */
static void dot_rows(const int16_t *restrict rows, size_t stride, const int16_t *restrict x, size_t n,
                     uint32_t *restrict sums) {
    for (int r = 0; r < TILE; r += 4, rows += 4 * stride)
        for (size_t from = 0; from < n; from += SAFE) {
            const int16_t *a = rows + from, *b = a + stride, *c = b + stride, *d = c + stride, *y = x + from;
            size_t end = n - from < SAFE ? n - from : SAFE;
            int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
            for (size_t k = 0; k < end; k++) {
                int32_t v = y[k];
                s0 += v * a[k], s1 += v * b[k], s2 += v * c[k], s3 += v * d[k];
            }
            sums[r] += (uint32_t)s0, sums[r + 1] += (uint32_t)s1;
            sums[r + 2] += (uint32_t)s2, sums[r + 3] += (uint32_t)s3;
        }
}

/* The same for more rows and several x: a tile of rows stays in the cache meanwhile. */
static void products(const int16_t *rows, size_t stride, size_t count, const int16_t *x, size_t x_stride, size_t xs,
                     size_t n, uint32_t *sums, size_t sums_stride) {
    for (size_t r = 0; r < count; r += TILE)
        for (size_t b = 0; b < xs; b++)
            dot_rows(rows + r * stride, stride, x + b * x_stride, n, sums + b * sums_stride + r);
}

/* out[j * out_stride + t] = in[t * width + j] */
static void turn(const int16_t *in, size_t steps, size_t width, int16_t *out, size_t out_stride) {
    for (size_t j = 0; j < width; j++)
        for (size_t t = 0; t < steps; t++) out[j * out_stride + t] = in[t * width + j];
}

/* -- the range coder ------------------------------------------------------------------------------------------------- */

enum { PRECISION = 24, TOTAL = (1 << PRECISION) - 2 }; /* of all frequencies, two guards left out */

/* Of one lane. An encoder writes words; a decoder takes them, and has a range of 0 once it met an impossible one. */
typedef struct {
    int decoding;
    uint64_t lower, range, point;
    uint32_t *words;
    size_t count, room; /* words written or taken; decoding: words that there are. An encoder has room for all */
} Coder;

static void carry(Coder *c) {
    size_t n = c->count;
    while (n && !++c->words[--n]) {
    }
}

static void pass_word(Coder *c) {
    if (c->decoding)
        c->point = c->point << 32 | (c->count < c->room ? c->words[c->count] : 0);
    else
        c->words[c->count] = (uint32_t)(c->lower >> 32);
    c->count++;
    c->lower <<= 32;
}

/* A block begins. A decoder has its words. */
static void begin_coding(Coder *c) {
    c->lower = c->point = c->count = 0;
    c->range = UINT64_MAX;
    for (int n = 0; c->decoding && n < 2; n++) pass_word(c);
}

static void narrow(Coder *c, uint64_t offset, uint64_t extent) {
    c->lower += offset;
    c->range = extent;
    if (!c->decoding && c->lower < offset) carry(c);
    if (extent >> 32) return;
    c->range <<= 32;
    pass_word(c);
}

/* Code a symbol; a decoder finds which. */
static int code_symbol(Coder *c, const uint32_t *frequencies, int symbol) {
    uint64_t scale = c->range >> PRECISION, below = 1;
    if (c->decoding) {
        uint64_t place = scale ? (c->point - c->lower) / scale : 0;
        for (symbol = 0; symbol < 256 && place >= below + frequencies[symbol]; symbol++) below += frequencies[symbol];
        if (!place || symbol == 256) { /* it is in a guard */
            c->range = 0;
            return 0;
        }
    } else
        for (int a = 0; a < symbol; a++) below += frequencies[a];
    narrow(c, scale * below, scale * frequencies[symbol]);
    return symbol;
}

/* Code a bit that is 1 with probability `one` of 2^16. */
static int code_bit(Coder *c, int bit, uint32_t one) {
    uint64_t scale = c->range >> PRECISION << 8, place = c->point - c->lower, zero = scale * (65536 - one);
    if (c->decoding) bit = place >= zero;
    if (c->decoding && place >= scale << 16)
        c->range = 0;
    else
        narrow(c, bit ? zero : 0, bit ? scale * one : zero);
    return bit;
}

static void end_encoding(Coder *c) {
    if (c->range == UINT64_MAX) return; /* no symbol */
    uint32_t top = (uint32_t)((c->lower + c->range) >> 32);
    c->lower += 0xFFFFFFFFu;
    if (c->lower < 0xFFFFFFFFu) carry(c);
    pass_word(c);
    if (c->words[c->count - 1] == top) c->words[c->count++] = 0;
}

/* Whether a block can end here: no word is left, and the last ones name just this interval. */
static int may_end(const Coder *c) {
    return c->range && c->count >= c->room && (!c->room || c->point - c->lower < 0x1FFFFFFFFu);
}

/* -- records of points --------------------------------------------------------------------------------------------- */

/* The parts `points` and `density` are for packed strokes. These begin with the numbers k of a point, hands, and how many
 * records of k bytes follow. A record has a byte for each number, the last number first; the byte tells the difference
 * from the point before, 0, -1, 1, -2, ... below NEAR. A record that begins with LIFT is no point: the pen was lifted. */
enum { HEAD = 6, MOST_COLUMNS = 8, NEAR = 224, FURTHEST = 254, LIFT = 255, BEGINS = 1 };

typedef struct {
    uint64_t position, columns, hands, records;
} Head;

static void observe_head(Head *head, uint32_t c) {
    uint64_t n = head->position++;
    if (n == 0) head->columns = c;
    if (n == 1) head->hands = most(1, c);
    if (n > 1 && n < HEAD) head->records |= (uint64_t)c << 8 * (n - 2);
}

/* The place of the next byte in its record; -1 if it is in none. */
static int place_in_record(const Head *head, uint64_t least_columns) {
    if (head->columns < least_columns || head->columns > MOST_COLUMNS || head->position < HEAD) return -1;
    uint64_t end = least(UINT32_MAX, HEAD + head->records * head->columns);
    return head->position < end ? (int)((head->position - HEAD) % head->columns) : -1;
}

/* 0, -1, 1, -2, ... of 0, 1, 2, 3, ... */
static int64_t signed_(int64_t x) { return x >> 1 ^ -(x & 1); }

/* -- contexts of the network ----------------------------------------------------------------------------------------- */

/* Weights from what went before straight to the logits: a hashed table for each kind, of rows of one cache line, which
 * hold the weights of the last few symbols seen in the context. A weight has the unit of the logits' sums. */

enum { ENTRIES = 7, HISTORY = 32, WORD_KIND = 24, PAIR_KIND = 25, SURE = 5 << 19 };
enum { MOST_WEIGHT = 1 << 26, MOST_USES = 1 << 30, PARAMETERS = 6 };

typedef struct {
    int32_t weights[ENTRIES], symbols[ENTRIES], uses;
    uint32_t check;
} Row;

/* A layer of cells; or, above these, the softmax, which has the first five arrays. Layer 0 has H columns, its own past;
 * the others 2H, the layer below too; the softmax L * H, all layers. What a window leaves behind is kept for learning:
 * state before step t stands at t, after it at t + 1. */
typedef struct {
    size_t rows, columns;
    float *matrix, *matrix_moment;       /* (rows, columns): what is learnt, and the second moment of its gradient */
    int16_t *weights, *high;             /* integers of it, and their high bytes for the way back, (columns, rows) */
    int16_t *gradients;                  /* (B, T, rows) */
    float *embedding, *embedding_moment; /* (E, N) */
    int16_t *h;                          /* (B, T + 1, H) */
    int16_t *turned[2];                  /* (H, B * T): h before each step, and after it, to be summed over all steps */
    float *c, *y, *gate[4];              /* cells, like h; (B, T, H): tanh of the cell, or of the sums (RNN); i, f, g, o */
} Layer;

typedef struct {
    Config config;
    uint64_t windows, updates; /* of the whole file; so far */
    size_t B, T, L, H, N, E;   /* E: rows of an embedding */
    int gates;
    size_t K, kinds[PAIR_KIND + 1]; /* of contexts */
    Row *rows;                      /* (K, 2^context_bits) */
    uint32_t *hashes;               /* (B, T, K) */
    uint8_t *history;               /* (B, HISTORY + T): the symbol before step t stands at HISTORY - 1 + t */
    Layer layers[256];              /* L of cells, the softmax */
    float *bias, *bias_moment;      /* (A) */
    int32_t *seen;                  /* (E): updates of each row of the embeddings */
    uint16_t *inputs;               /* (B, T, 2): rows of the embedding */
    uint32_t *table;                /* (B, T, A): frequencies */
    int16_t *turned;                /* (rows, B * T): gradients of a layer */
    uint32_t *sums;                 /* scratch: (B, N), or TILE rows of any matrix */
    float *dc, *d;                  /* (B, H), (N) */
    int32_t *heads, *next;          /* (E), (B * T * 2): for each row of the embedding where it was an input */
    int components;                 /* densities: how many are mixed, or 0 */
    Head *records;                  /* (B): where in packed strokes a stream is */
    uint8_t *phases;                /* (B, T): what is predicted: DX or DY, by densities; else 0 */
    int32_t *outputs;               /* (B, T, 6 * components): where dx is predicted, the last logits, 2^16 is 1 */
} Network;

static const uint8_t *newest_symbol(const Network *w, size_t b, size_t t) {
    return w->history + b * (HISTORY + w->T) + HISTORY - 1 + t;
}

/* A letter as its lower case, also a byte from 128 on (UTF-8); 0 for all else. */
static uint32_t fold(uint32_t symbol) {
    if (symbol >= 'A' && symbol <= 'Z') return symbol + 32;
    return (symbol >= 'a' && symbol <= 'z') || symbol >= 128 ? symbol : 0;
}

/* Hashes of the word so far, and of it with the word before; `newest` is the last of HISTORY symbols. */
static void word_hashes(const uint8_t *newest, uint32_t *word, uint32_t *pair) {
    uint32_t state = WORD_KIND, before;
    int n = 0;
    for (; n < HISTORY && fold(newest[-n]); n++) state = mix(state + fold(newest[-n]));
    *word = before = mix(state);
    while (n < HISTORY && !fold(newest[-n])) n++;
    for (; n < HISTORY && fold(newest[-n]); n++) before = mix(before + fold(newest[-n]));
    *pair = mix(before + PAIR_KIND);
}

static Row *row_of(const Network *w, size_t n, uint32_t hash) {
    int bits = (int)w->config.is[CONTEXT_BITS];
    return w->rows + ((n << bits) + (hash >> (32 - bits)));
}

/* Hash the contexts before step t of stream b; their rows are on their way to the cache when this returns. */
static void hash_rows(const Network *w, size_t b, size_t t) {
    const uint8_t *newest = newest_symbol(w, b, t);
    uint32_t *hashes = w->hashes + (b * w->T + t) * w->K, state = 0, word, pair;
    size_t n = 0;
    for (size_t k = 1; n < w->K && w->kinds[n] < WORD_KIND; k++) {
        state = mix(state + newest[1 - (ptrdiff_t)k] + 1);
        if (w->kinds[n] == k) hashes[n++] = state;
    }
    word_hashes(newest, &word, &pair);
    for (; n < w->K; n++) hashes[n] = w->kinds[n] == WORD_KIND ? word : pair;
    for (n = 0; n < w->K; n++) PREFETCH(row_of(w, n, hashes[n]));
}

/* What the longest known context expects: 0 nothing, 1 + symbol, or 1 + A + symbol if it is sure of it. */
static int guess(const Network *w, const uint32_t *hashes) {
    for (size_t n = w->K; n--;) {
        const Row *row = row_of(w, n, hashes[n]);
        int best = 0;
        if (w->kinds[n] >= WORD_KIND || row->check != hashes[n]) continue;
        for (int j = 1; j < ENTRIES; j++)
            if (row->weights[j] > row->weights[best]) best = j;
        if (row->weights[best] > 0) return 1 + row->symbols[best] + (row->weights[best] > SURE ? 256 : 0);
    }
    return 0;
}

static void add_contexts(const Network *w, const uint32_t *hashes, uint32_t *sums) {
    for (size_t n = 0; n < w->K; n++) {
        const Row *row = row_of(w, n, hashes[n]);
        if (row->check == hashes[n])
            for (int j = 0; j < ENTRIES; j++) sums[row->symbols[j]] += (uint32_t)row->weights[j];
    }
}

/* One step of descent on the code length for one use of a row; the row of another context ages, and gives way. */
static void learn_row(Row *row, uint32_t check, int symbol, const uint32_t *frequencies) {
    if (row->check != check) {
        if (row->uses > 1) {
            row->uses >>= 1;
            return;
        }
        memset(row, 0, sizeof *row);
        row->check = check;
    }
    int64_t rate = clamp((2 << 20) / (row->uses + 2), (1 << 20) / 10, INT64_MAX); /* 1, 2/3, 2/4 ... 1/10 */
    int place = -1, weakest = 0;
    row->uses = row->uses < MOST_USES ? row->uses + 1 : MOST_USES;
    for (int j = 0; j < ENTRIES; j++) {
        if (row->weights[j]) {
            if (row->symbols[j] == symbol)
                place = j;
            else
                row->weights[j] = (int32_t)((uint32_t)row->weights[j] - (uint32_t)(rate * frequencies[row->symbols[j]] >> 24));
        }
        if (llabs(row->weights[j]) < llabs(row->weights[weakest])) weakest = j;
    }
    if (place < 0) {
        place = weakest;
        row->weights[place] = 0;
        row->symbols[place] = symbol;
    }
    int64_t moved = row->weights[place] + (rate * ((1 << 24) - (int64_t)frequencies[symbol]) >> 24);
    row->weights[place] = (int32_t)clamp(moved, INT32_MIN, MOST_WEIGHT);
}

static void learn_contexts(Network *w) {
    for (size_t n = 0; n < w->K; n++)
        for (size_t t = 0; t < w->T; t++)
            for (size_t b = 0; b < w->B; b++) {
                uint32_t hash = w->hashes[(b * w->T + t) * w->K + n];
                learn_row(row_of(w, n, hash), hash, *newest_symbol(w, b, t + 1), w->table + (b * w->T + t) * 256);
            }
}

/* -- the network: its memory ----------------------------------------------------------------------------------------- */

static void network_allocate(Network *w, const Config *config, uint64_t windows) {
    memset(w, 0, sizeof *w);
    w->config = *config;
    w->windows = windows;
    w->gates = config->is[CELL] ? 1 : 4;
    uint64_t B = config->is[STREAMS], T = config->is[WINDOW], L = config->is[LAYERS], H = config->is[HIDDEN];
    uint64_t N = (uint64_t)w->gates * H, E = (config->is[CONTEXTS] ? 3 : 1) * 256 + 1, BT = times(B, T);
    w->B = (size_t)B, w->T = (size_t)T, w->L = (size_t)L, w->H = (size_t)H, w->N = (size_t)N, w->E = (size_t)E;
    for (size_t k = 1; k <= PAIR_KIND; k++)
        if (config->is[CONTEXTS] >> k & 1) w->kinds[w->K++] = k;
    w->rows = ARRAY(Row, w->K, (uint64_t)1 << config->is[CONTEXT_BITS]);
    w->hashes = ARRAY(uint32_t, BT, w->K);
    w->history = ARRAY(uint8_t, B, HISTORY + T);
    for (Layer *l = w->layers; l <= w->layers + L; l++) {
        int softmax = l == w->layers + L;
        uint64_t rows = softmax ? 256 : N, columns = softmax ? L * H : l > w->layers ? 2 * H : H;
        l->rows = (size_t)rows, l->columns = (size_t)columns;
        l->matrix = ARRAY(float, rows, columns), l->matrix_moment = ARRAY(float, rows, columns);
        l->weights = ARRAY(int16_t, rows, columns), l->high = ARRAY(int16_t, rows, columns);
        l->gradients = ARRAY(int16_t, BT, rows);
        if (softmax) break;
        l->embedding = ARRAY(float, E, N), l->embedding_moment = ARRAY(float, E, N);
        l->h = ARRAY(int16_t, times(B, T + 1), H);
        for (int n = 0; n < 2; n++) l->turned[n] = ARRAY(int16_t, BT, H);
        l->y = ARRAY(float, BT, H);
        if (w->gates == 4) l->c = ARRAY(float, times(B, T + 1), H);
        for (int n = 0; w->gates == 4 && n < 4; n++) l->gate[n] = ARRAY(float, BT, H);
    }
    w->bias = ARRAY(float, 256, 1), w->bias_moment = ARRAY(float, 256, 1);
    w->seen = ARRAY(int32_t, E, 1);
    w->inputs = ARRAY(uint16_t, BT, 2);
    w->table = ARRAY(uint32_t, BT, 256);
    w->turned = ARRAY(int16_t, BT, most(N, 256));
    w->sums = ARRAY(uint32_t, most(times(B, N), TILE * most(256, most(2, L) * H)), 1);
    w->dc = ARRAY(float, B, H), w->d = ARRAY(float, N, 1);
    w->heads = ARRAY(int32_t, E, 1), w->next = ARRAY(int32_t, BT, 2);
    w->components = (int)config->is[COMPONENTS];
    w->records = ARRAY(Head, B, 1), w->phases = ARRAY(uint8_t, BT, 1);
    w->outputs = ARRAY(int32_t, BT, PARAMETERS * config->is[COMPONENTS]);
}

/* Start values: uniform, of variance 1 / columns, from a counter. */
static void scatter(float *values, uint64_t number, size_t rows, size_t columns) {
    float bound = (float)root(3.0 / (double)columns);
    uint32_t key = noise_key(number, 0);
    for (size_t n = 0; n < rows * columns; n++) {
        float u = uniform(key, (uint32_t)n);
        values[n] = ((u + u) - 1.0f) * bound;
    }
}

static void network_start(Network *w) {
    for (size_t n = 0; n <= w->L; n++) {
        const Layer *l = w->layers + n;
        scatter(l->matrix, n, l->rows, l->columns);
        if (n < w->L) scatter(l->embedding, w->L + 1 + n, 256, w->N);
        for (size_t k = 0; n < w->L && w->gates == 4 && k < 256 * w->H; k++)
            l->embedding[k / w->H * w->N + w->H + k % w->H] += 1.0f; /* forget gates are open */
    }
}

/* The integers of TILE rows of a matrix from row `first` on. */
static void quantise(const Layer *l, size_t first) {
    size_t columns = l->columns, rows = l->rows;
    const float *restrict weights = l->matrix + first * columns;
    int16_t *restrict integers = l->weights + first * columns, *high = l->high + first;
    for (size_t k = 0; k < TILE * columns; k++) integers[k] = (int16_t)(int32_t)nearest(weights[k] * WEIGHT_SCALE);
    for (size_t k = 0; k < columns; k++)
        for (size_t n = 0; n < TILE; n++) high[k * rows + n] = (int16_t)((integers[n * columns + k] + 128) >> 8);
}

static void network_ready(Network *w) {
    for (const Layer *l = w->layers; l <= w->layers + w->L; l++)
        for (size_t n = 0; n < l->rows; n += TILE) quantise(l, n);
}

/* The columns from `part` * H on of matrix n: the layer that they see, and whether as it is now. Layer 0 sees its own past;
 * the others that, and the layer below; the softmax all layers. */
static const Layer *seen_by(const Network *w, size_t n, size_t part, int *now) {
    *now = n == w->L || part;
    return w->layers + (n == w->L ? part : n - part);
}

/* -- the network: prediction ----------------------------------------------------------------------------------------- */

/* Add the products of matrix n and its inputs at step t to the sums of some streams, which are a stride apart. */
static void add_products(const Network *w, size_t n, size_t streams, size_t t, uint32_t *sums, size_t stride) {
    const Layer *l = w->layers + n;
    int now;
    for (size_t part = 0; part < l->columns / w->H; part++) {
        const int16_t *h = seen_by(w, n, part, &now)->h + (t + (size_t)now) * w->H;
        products(l->weights + part * w->H, l->columns, l->rows, h, (w->T + 1) * w->H, streams, w->H, sums, stride);
    }
}

/* A gate's input: a sum, and what two rows of the embedding add. */
static inline float gate_input(uint32_t sum, float x, float guess) {
    return (float)(int32_t)sum * FORWARD_UNIT + x + guess;
}

static inline int16_t activation(float h) { return (int16_t)(int32_t)within(nearest(h * 128.0f), ACTIVATION_MAX); }

/* A gate of all cells of a layer of one stream, from its row in the sums and in two rows of the embedding. */
static void gates_of(size_t H, const uint32_t *restrict sums, const float *restrict x, const float *restrict guess,
                     float *restrict out, int is_tanh) {
    if (is_tanh)
        for (size_t j = 0; j < H; j++) out[j] = tanh_(gate_input(sums[j], x[j], guess[j]));
    else
        for (size_t j = 0; j < H; j++) out[j] = sigmoid(gate_input(sums[j], x[j], guess[j]));
}

/* The cells after a step: from their state before it, and the gates. */
static void lstm_cells(size_t H, const float *restrict i, const float *restrict f, const float *restrict g,
                       const float *restrict o, const float *restrict before, float *restrict after,
                       float *restrict y, int16_t *restrict h) {
    for (size_t j = 0; j < H; j++) {
        after[j] = f[j] * before[j] + i[j] * g[j];
        y[j] = tanh_(after[j]);
        h[j] = activation(o[j] * y[j]);
    }
}

/* Layer l of stream b at step t, whose sums are given. */
static void cells(const Network *w, const Layer *l, size_t b, size_t t, const uint32_t *sums) {
    size_t H = w->H, now = (b * w->T + t) * H, before = (b * (w->T + 1) + t) * H;
    const uint16_t *inputs = w->inputs + (b * w->T + t) * 2;
    const float *x = l->embedding + inputs[0] * w->N, *guess = l->embedding + inputs[1] * w->N;
    float *const *gate = l->gate, *y = l->y + now;
    int16_t *h = l->h + before + H;
    if (w->gates == 1) {
        gates_of(H, sums, x, guess, y, 1);
        for (size_t j = 0; j < H; j++) h[j] = activation(y[j]);
        return;
    }
    for (size_t n = 0; n < 4; n++) gates_of(H, sums + n * H, x + n * H, guess + n * H, gate[n] + now, n == 2);
    lstm_cells(H, gate[0] + now, gate[1] + now, gate[2] + now, gate[3] + now, l->c + before, l->c + before + H, y, h);
}

/* Frequencies from the sums of the logits, in place; the logits go to x. */
static void softmax(uint32_t *restrict table, const float *restrict bias, float *restrict x) {
    float top;
    int best = 0;
    int32_t total = 0, left = TOTAL;
    for (int a = 0; a < 256; a++) x[a] = (float)(int32_t)table[a] * FORWARD_UNIT + bias[a];
    for (int a = 1; a < 256; a++)
        if (x[a] > x[best]) best = a;
    top = x[best];
    for (int a = 0; a < 256; a++) {
        int32_t raw = (int32_t)(exp_(x[a] - top) * 4194304.0f);
        table[a] = (uint32_t)raw;
        total += raw;
    }
    float share = (float)(TOTAL - 256) / (float)total;
    for (int a = 0; a < 256; a++) {
        int32_t frequency = (int32_t)((float)(int32_t)table[a] * share) + 1;
        table[a] = (uint32_t)frequency;
        left -= frequency;
    }
    table[best] += (uint32_t)left;
}

/* -- the network: densities ---------------------------------------------------------------------------------------- */

/* With the part `density` dx and dy of a point are predicted by a mixture of components, each of two logistic
 * densities. The step that predicts dx tells, by the last 6 K logits, for each component its weight, mean and scale of
 * dx, mean and scale of dy, and the slope: by how much the mean of dy moves with dx. All are integers, 2^16 is 1; of
 * masses 2^20 is 1. */
enum { DX = 1, DY = 2, MOST_COMPONENTS = 20, CLIP = 1 << 24, ONE = 1 << 16 };

typedef struct {
    int64_t weight[2], mean[2], rate[2], slope; /* of dx, and of dy once dx is known; rate: 1 / scale */
} Component;

/* Where an edge of cell d is in the table of the logistic function. */
static int64_t edge(int64_t d, int half, int64_t mean, int64_t rate) {
    return clamp(((d * ONE + half * (ONE / 2) - mean) * rate) >> 24, -REACH, REACH);
}

static int64_t mass(int64_t d, int64_t mean, int64_t rate) {
    return logistic[REACH + edge(d, 1, mean, rate)] - logistic[REACH + edge(d, -1, mean, rate)];
}

static int64_t mean_of(int64_t mean) { return clamp(mean, -112 * ONE, 112 * ONE); }

/* Read the components of a step, and what they are after the byte dx, if that is not -1. */
static void read_components(const Network *w, size_t b, size_t t, int dx, Component *components) {
    int K = w->components;
    const int32_t *out = w->outputs + (b * w->T + t) * (size_t)(PARAMETERS * K);
    int64_t top = INT64_MIN, largest = 0;
    for (int k = 0; k < K; k++) top = out[k] > top ? out[k] : top;
    for (int k = 0; k < K; k++) {
        Component *c = components + k;
        int centre[2] = {k % 5 - 2, k / 5 - (K - 1) / 10};
        c->weight[0] = decay[least(REACH, (uint64_t)(top - out[k]) >> 8)];
        for (int axis = 0; axis < 2; axis++) {
            c->mean[axis] = mean_of((int64_t)out[(2 * axis + 1) * K + k] * 4 + centre[axis] * ONE);
            int64_t scale = clamp((out[(2 * axis + 2) * K + k] >> 8) + 640, 0, 1664);
            c->rate[axis] = decay[scale] * 798391 >> 16; /* from e^2.5 down */
        }
        c->slope = clamp(out[5 * K + k], -2 * ONE, 2 * ONE);
        if (dx < 0) continue;
        c->weight[1] = dx < NEAR ? c->weight[0] * mass(signed_(dx), c->mean[0], c->rate[0]) >> 6 : 0;
        if (c->weight[1] > largest) largest = c->weight[1];
        c->mean[1] = mean_of(c->mean[1] + (c->slope * (signed_(dx) * ONE - c->mean[0]) >> 16));
    }
    for (Component *c = components; c < components + K; c++)
        c->weight[1] = largest ? c->weight[1] * ONE / largest : c->weight[0];
}

/* Frequencies of dx, or of dy after the byte dx, by the densities of step t. */
static void density_table(const Network *w, size_t b, size_t t, int dx, uint32_t *table) {
    Component components[MOST_COMPONENTS];
    int64_t masses[256] = {0}, total = 1, left = TOTAL;
    int axis = dx >= 0, best = 0;
    read_components(w, b, t, dx, components);
    for (int byte = 0; byte < NEAR; byte++) {
        for (const Component *c = components; c < components + w->components; c++)
            masses[byte] += c->weight[axis] * mass(signed_(byte), c->mean[axis], c->rate[axis]) >> 10;
        total += masses[byte];
        if (masses[byte] > masses[best]) best = byte;
    }
    for (int byte = 0; byte < 256; byte++) {
        table[byte] = (uint32_t)(masses[byte] * (TOTAL - 256) / total) + 1;
        left -= table[byte];
    }
    table[best] += (uint32_t)left;
}

/* Replace the table of step t by that of densities where these predict it; x are the logits. */
static void predict_by_densities(const Network *w, size_t b, size_t t, const float *x, uint32_t *table) {
    int place = place_in_record(w->records + b, 3), phase = place == DX || (place == DY && t) ? place : 0;
    int count = PARAMETERS * w->components;
    int32_t *out = w->outputs + (b * w->T + t) * (size_t)count;
    w->phases[b * w->T + t] = (uint8_t)phase;
    for (int n = 0; phase == DX && n < count; n++) out[n] = (int32_t)nearest(within(x[256 - count + n], 64) * ONE);
    if (phase == DX) density_table(w, b, t, -1, table);
    if (phase == DY) density_table(w, b, t - 1, *newest_symbol(w, b, t), table);
}

/* A share, of 2^16, of a derivative. */
static int64_t push(int64_t share, int64_t value) { return share * clamp(value, -CLIP, CLIP) >> 16; }

/* Of the logarithm of the mass of cell d: the derivatives by the mean, and by the logarithm of the scale. */
static void derivatives(int64_t d, int64_t mean, int64_t rate, int64_t by[2]) {
    int64_t z = edge(d, 1, mean, rate), y = edge(d, -1, mean, rate);
    int64_t high = logistic[REACH + z], low = logistic[REACH + y];
    int64_t f = high * ((1 << 20) - high) >> 20, g = low * ((1 << 20) - low) >> 20, own = high > low ? high - low : 1;
    by[0] = quotient(-(f - g) * rate, own);
    by[1] = quotient(-(z * f - y * g) * 256, own);
}

/* The gradients at the last logits of step t, which predicted the byte dx; dy is -1 where the window ends before it. */
static void density_gradients(const Network *w, size_t b, size_t t, int dx, int dy, float *d) {
    Component components[MOST_COMPONENTS], *c = components;
    int K = w->components, both = dy >= 0 && dy < NEAR;
    int64_t shares[MOST_COMPONENTS], g[PARAMETERS * MOST_COMPONENTS] = {0}, weight = 0, total = 0, by[2];
    const int32_t *out = w->outputs + (b * w->T + t) * (size_t)(PARAMETERS * K);
    read_components(w, b, t, dx, components);
    for (int k = 0; k < K; k++, c++) {
        shares[k] = c->weight[1] * (both ? mass(signed_(dy), c->mean[1], c->rate[1]) : 1);
        weight += c->weight[0], total += shares[k];
    }
    if (dx >= NEAR || !total) return;
    c = components;
    for (int k = 0; k < K; k++, c++) {
        int64_t share = shares[k] * ONE / total;
        derivatives(signed_(dx), c->mean[0], c->rate[0], by);
        g[k] = c->weight[0] * ONE / weight - share;
        g[K + k] = -push(share, by[0]);
        g[2 * K + k] = -push(share, by[1]);
        if (both) {
            derivatives(signed_(dy), c->mean[1], c->rate[1], by);
            int64_t down = -push(share, by[0]);
            g[K + k] -= c->slope * down >> 16;
            g[3 * K + k] = down * 4; /* a logit of 1 moves a mean by 4 */
            g[4 * K + k] = -push(share, by[1]);
            g[5 * K + k] = down * (signed_(dx) * ONE - c->mean[0]) >> 16;
        }
        g[K + k] *= 4;
    }
    for (int n = 0; n < PARAMETERS * K; n++) {
        int far = out[n] <= -8 * ONE || out[n] >= 8 * ONE; /* and what moves it further makes no difference */
        g[n] = clamp(g[n], -ONE, ONE);
        d[256 - PARAMETERS * K + n] = far && (out[n] > 0) == (g[n] < 0) ? 0.0f : (float)(int32_t)g[n] * (1 / 65536.0f);
    }
}

/* Compute the tables of step t of the first `streams` streams. The symbols before it are in the history. */
static void network_predict(Network *w, size_t streams, size_t t) {
    uint32_t *table = w->table + t * 256;
    size_t T = w->T, N = w->N;
    for (size_t b = 0; b < streams; b++) {
        uint16_t *inputs = w->inputs + 2 * (b * T + t);
        hash_rows(w, b, t);
        inputs[0] = *newest_symbol(w, b, t);
        inputs[1] = (uint16_t)(256 + guess(w, w->hashes + (b * T + t) * w->K));
    }
    for (size_t n = 0; n < w->L; n++) {
        memset(w->sums, 0, streams * N * sizeof *w->sums);
        add_products(w, n, streams, t, w->sums, N);
        for (size_t b = 0; b < streams; b++) cells(w, w->layers + n, b, t, w->sums + b * N);
    }
    for (size_t b = 0; b < streams; b++) memset(table + b * T * 256, 0, 256 * sizeof *table);
    add_products(w, w->L, streams, t, table, T * 256);
    for (size_t b = 0; b < streams; b++) {
        float logits[256];
        add_contexts(w, w->hashes + (b * T + t) * w->K, table + b * T * 256);
        softmax(table + b * T * 256, w->bias, logits);
        if (w->components) predict_by_densities(w, b, t, logits, table + b * T * 256);
    }
}

static void network_observe(Network *w, size_t b, size_t t, int symbol) {
    w->history[b * (HISTORY + w->T) + HISTORY + t] = (uint8_t)symbol;
    observe_head(w->records + b, (uint32_t)symbol);
}

/* -- the network: learning ------------------------------------------------------------------------------------------- */

/* The gradient d (4H) at the gate inputs of one step from the sums that come back; dc moves on to the step before. */
static void lstm_gradient(const Layer *l, size_t now, size_t H, const float *restrict before,
                          const uint32_t *restrict sums, float *restrict dc, float *restrict d) {
    const float *restrict i = l->gate[0] + now, *restrict f = l->gate[1] + now, *restrict g = l->gate[2] + now;
    const float *restrict o = l->gate[3] + now, *restrict y = l->y + now;
    for (size_t j = 0; j < H; j++) {
        float dh = (float)(int32_t)sums[j] * BACKWARD_UNIT;
        float dcell = dc[j] + dh * o[j] * (1.0f - y[j] * y[j]);
        d[j] = dcell * g[j] * (i[j] * (1.0f - i[j]));
        d[H + j] = dcell * before[j] * (f[j] * (1.0f - f[j]));
        d[2 * H + j] = dcell * i[j] * (1.0f - g[j] * g[j]);
        d[3 * H + j] = dh * y[j] * (o[j] * (1.0f - o[j]));
        dc[j] = dcell * f[j];
    }
}

static void rnn_gradient(const float *restrict y, const uint32_t *restrict sums, float *restrict d, size_t n) {
    for (size_t j = 0; j < n; j++) d[j] = (float)(int32_t)sums[j] * BACKWARD_UNIT * (1.0f - y[j] * y[j]);
}

static void dither(const float *restrict d, int16_t *restrict integers, size_t n, uint32_t key, uint32_t counter) {
    for (size_t j = 0; j < n; j++) integers[j] = dithered(d[j], key, counter + (uint32_t)j);
}

/* The gradient at the logits of all steps: the very frequencies that were coded with, less 1 at the symbols. */
static void logit_gradients(Network *w) {
    uint32_t key = noise_key(w->L, w->updates);
    for (size_t b = 0; b < w->B; b++)
        for (size_t t = 0; t < w->T; t++) {
            size_t at = (b * w->T + t) * 256;
            float d[256] = {0};
            const uint8_t *symbol = newest_symbol(w, b, t + 1);
            int phase = w->phases[b * w->T + t];
            if (phase == DX) density_gradients(w, b, t, symbol[0], t + 1 < w->T ? symbol[1] : -1, d);
            for (int a = 0; !phase && a < 256; a++) d[a] = (float)(int32_t)w->table[at + a] * (1 / 16777216.0f);
            if (!phase) d[*symbol] -= 1.0f;
            dither(d, w->layers[w->L].gradients + at, 256, key, (uint32_t)((t * w->B + b) * 256));
        }
}

/* Add what comes back from matrix n, through its columns from `part` * H on, at step t. */
static void add_back(const Network *w, size_t n, size_t part, size_t t) {
    const Layer *l = w->layers + n;
    products(l->high + part * w->H * l->rows, l->rows, w->H, l->gradients + t * l->rows, w->T * l->rows, w->B, l->rows,
             w->sums, w->H);
}

/* The gradients at the gate inputs of all steps, from the last and the top layer on. */
static void backward(Network *w) {
    size_t B = w->B, T = w->T, H = w->H, N = w->N;
    for (size_t n = w->L; n--;) {
        const Layer *l = w->layers + n;
        uint32_t key = noise_key(n, w->updates);
        memset(w->dc, 0, B * H * sizeof *w->dc);
        for (size_t t = T; t--;) {
            memset(w->sums, 0, B * H * sizeof *w->sums);
            add_back(w, w->L, n, t);
            if (n + 1 < w->L) add_back(w, n + 1, 1, t);
            if (t + 1 < T) add_back(w, n, 0, t + 1);
            for (size_t b = 0; b < B; b++) {
                size_t now = (b * T + t) * H;
                const uint32_t *sums = w->sums + b * H;
                if (w->gates == 4)
                    lstm_gradient(l, now, H, l->c + now + b * H, sums, w->dc + b * H, w->d);
                else
                    rnn_gradient(l->y + now, sums, w->d, H);
                dither(w->d, l->gradients + (b * T + t) * N, N, key, (uint32_t)((t * B + b) * N));
            }
        }
    }
}

/* A step of learning: `rate` of Adam without momentum, whose second moment blends in what is new. */
typedef struct {
    float unit, blend, rate;
} Step;

static void adam(float *restrict weights, float *restrict moments, const uint32_t *restrict sums, size_t n, Step step) {
    for (size_t k = 0; k < n; k++) {
        float g = (float)(int32_t)sums[k] * step.unit;
        float v = moments[k] + (g * g - moments[k]) * step.blend;
        moments[k] = v;
        weights[k] = within(weights[k] - step.rate * g * inverse_root(v + EPSILON), WEIGHT_LIMIT);
    }
}

/* A second moment is a mean at first, then a decaying one. */
static float blend_after(const Network *w, uint64_t updates) {
    return 1.0f / (float)(int32_t)least(updates, w->config.is[HORIZON]);
}

static void update_matrix(Network *w, size_t n, Step step) {
    const Layer *l = w->layers + n;
    size_t H = w->H, R = w->B * w->T, columns = l->columns;
    int now;
    turn(l->gradients, R, l->rows, w->turned, R);
    for (size_t row = 0; row < l->rows; row += TILE) {
        memset(w->sums, 0, TILE * columns * sizeof *w->sums);
        for (size_t part = 0; part < columns / H; part++) {
            const Layer *from = seen_by(w, n, part, &now);
            products(from->turned[now], R, H, w->turned + row * R, R, TILE, R, w->sums + part * H, columns);
        }
        adam(l->matrix + row * columns, l->matrix_moment + row * columns, w->sums, TILE * columns, step);
        quantise(l, row);
    }
}

/* Rows of the embedding learn only where they were an input, and count that. */
static void update_embeddings(Network *w, Step step) {
    size_t uses = 2 * w->B * w->T, N = w->N;
    memset(w->heads, 0, w->E * sizeof *w->heads);
    for (size_t n = 0; n < uses; n++) {
        w->next[n] = w->heads[w->inputs[n]];
        w->heads[w->inputs[n]] = (int32_t)n + 1;
    }
    for (size_t e = 0; e < w->E; e++) {
        if (!w->heads[e]) continue;
        w->seen[e] = w->seen[e] < MOST_USES ? w->seen[e] + 1 : MOST_USES;
        step.blend = blend_after(w, (uint64_t)w->seen[e]);
        for (const Layer *l = w->layers; l < w->layers + w->L; l++) {
            memset(w->sums, 0, N * sizeof *w->sums);
            for (int32_t n = w->heads[e]; n; n = w->next[n - 1])
                for (size_t j = 0; j < N; j++) w->sums[j] += (uint32_t)l->gradients[(size_t)(n - 1) / 2 * N + j];
            adam(l->embedding + e * N, l->embedding_moment + e * N, w->sums, N, step);
        }
    }
}

static void update_bias(Network *w, Step step) {
    memset(w->sums, 0, 256 * sizeof *w->sums);
    for (size_t n = 0; n < w->B * w->T * 256; n++) w->sums[n % 256] += (uint32_t)w->layers[w->L].gradients[n];
    adam(w->bias, w->bias_moment, w->sums, 256, step);
}

/* The rate falls, or rises, from the first to the last in proportion to the windows done. */
static float learning_rate(const Network *w) {
    double first = (double)w->config.is[RATE_FIRST] * 1e-6, last = (double)w->config.is[RATE_LAST] * 1e-6;
    double progress = (double)w->updates / (double)most(1, w->windows);
    double range = last - first, way = range * (progress < 1 ? progress : 1);
    return (float)(first + way);
}

/* Learn from a window of T steps, and go on to the next. */
static void network_learn(Network *w) {
    size_t T = w->T, H = w->H;
    float mean = (float)(1.0 / (double)(w->B * T));
    w->updates++;
    Step of_vectors = {VECTOR_UNIT * mean, blend_after(w, w->updates), learning_rate(w)}, of_matrices = of_vectors;
    of_matrices.unit = MATRIX_UNIT * mean;
    logit_gradients(w);
    backward(w);
    learn_contexts(w);
    for (size_t n = 0; n < w->L; n++)
        for (size_t b = 0; b < w->B * 2; b++)
            turn(w->layers[n].h + (b / 2 * (T + 1) + b % 2) * H, T, H, w->layers[n].turned[b % 2] + b / 2 * T, w->B * T);
    for (size_t n = 0; n <= w->L; n++) update_matrix(w, n, of_matrices);
    update_embeddings(w, of_vectors);
    update_bias(w, of_vectors);
    for (size_t b = 0; b < w->B; b++) {
        uint8_t *history = w->history + b * (HISTORY + T);
        memmove(history, history + T, HISTORY);
        for (const Layer *l = w->layers; l < w->layers + w->L; l++) {
            size_t first = b * (T + 1) * H, last = first + T * H;
            memcpy(l->h + first, l->h + last, H * sizeof *l->h);
            if (l->c) memcpy(l->c + first, l->c + last, H * sizeof *l->c);
        }
    }
}

/* -- mixing: tables -------------------------------------------------------------------------------------------------- */

/* A bit history is a byte: a state that tells how often 0 and 1 followed, within bounds, and which came last. */
enum { RARE = 5, RATES = 1024 + 1009 };
static uint8_t following[512], counts[512]; /* the state after a bit, at 2 * state + bit; how often 0 and 1 were seen */
static int32_t reciprocals[1024], rates[RATES];

/* A history that has seen the rarer bit n times counts the other up to LIMITS[n]. */
static const int LIMITS[RARE] = {40, 24, 12, 6, 5};

static int sound_history(int zeros, int ones) {
    int rare = zeros < ones ? zeros : ones;
    return rare < RARE && zeros + ones - rare <= LIMITS[rare];
}

/* What is left of the count of a bit when the other one comes. */
static int fewer(int count) {
    if (count > 25) return 10;
    if (count > 8) return 5 + (count - 8) / 4;
    return count > 5 ? 5 : count < 3 ? count : 3;
}

static void make_histories(void) {
    static int state_of[41][41][2];
    int states = 0;
    for (int total = 0; total < 87; total++)
        for (int ones = 0; ones <= total; ones++)
            for (int last = 0; last < 2 && sound_history(total - ones, ones); last++) {
                if ((last ? ones : total - ones) == 0 && (total || last)) continue;
                counts[2 * states] = (uint8_t)(total - ones), counts[2 * states + 1] = (uint8_t)ones;
                state_of[total - ones][ones][last] = states++;
            }
    for (int state = 0; state < states; state++)
        for (int bit = 0; bit < 2; bit++) {
            int n[2] = {counts[2 * state], counts[2 * state + 1]};
            n[bit]++;
            n[1 - bit] = fewer(n[1 - bit]);
            while (!sound_history(n[0], n[1])) n[n[0] > n[1] || (n[0] == n[1] && bit) ? 0 : 1]--;
            following[2 * state + bit] = (uint8_t)state_of[n[0]][n[1]][bit];
        }
}

/* -- mixing: memory -------------------------------------------------------------------------------------------------- */

enum { KINDS = 63, ORDERS = 6, NETWORK_KIND = 53, NETWORK_SURE_KIND = 54 };
enum { MODELS = 3, MATCH_LENGTHS = 64, RUNS = 64, MOST_SETS = 14, FINALS = 4, MAPS = 3, MAP_ROWS = 65536, BUCKETS = 33 };
enum { FINAL_ROWS = 2048, FINAL_STRIDE = 16, VECTOR = 16, OTHERS = 2 + 2 * MODELS + 3, MOST_INPUTS = 256 };
enum { GROUP = 16 }; /* direct probabilities of half a byte, one of them of no use */
enum { LINE_BYTES = 64, DEEPEST = 16, TAGS = 64, LONGEST = 65535, VERIFIED = 400 };

static const uint32_t SET_ROWS[MOST_SETS] = {256, 2048, 2048, 1024, 2048, 1536, 2048,
                                             4096, 2048, 2048, 32768, 4096, 4096, 65536};
static const uint64_t LEAST_MATCH[MODELS] = {5, 8, 16};

/* What a stream of packed strokes remembers. */
enum { SPAN = 8 };
typedef struct {
    Head head;
    uint8_t record[MOST_COLUMNS];           /* so far */
    uint32_t since, stroke, drawing, clock; /* points since the pen was set down; numbers; time of the drawing */
    uint32_t place[2], from[2];             /* x, y in the drawing; from where the pen was set down */
    int32_t steps[3][SPAN];                 /* the last dx, dy and times, the newest first */
} Pen;

/* What a stream remembers of its text. */
typedef struct {
    uint64_t position;                /* bytes so far */
    uint32_t last, before;            /* the last four bytes, the newest lowest; the four before */
    uint32_t word, word1, word2;      /* hash of the letters so far, 0 between words; of the words before */
    uint64_t line, line1;             /* where the line begins, and the line above */
    uint32_t first, start;            /* the first byte of the line; hash of the first three */
    uint32_t tag, in_tag;             /* hash of the last tag <...> so far; 0 before any, 1 in one, 2 behind one */
    uint32_t marks, classes, letters; /* the last four marks, ten classes of bytes, four letters */
    uint32_t sentence, words;         /* hash and number of the words of the sentence */
    uint32_t depth, brackets;         /* open brackets; hash of those opened in the line */
    uint32_t field;                   /* 1 + the number of the tag whose content this is, or 0 */
    uint64_t field_start;
    uint64_t record, candidate, votes; /* length of a record; what it may be, and for how many times */
    uint32_t stack[DEEPEST];
    uint64_t opened_at[DEEPEST], field_from[TAGS], field_to[TAGS];
    struct {
        uint64_t place, stream, length; /* followed by a match model; length 0: nothing is */
    } match[MODELS];
    struct {
        uint64_t at, distance, times; /* of each byte: last place, how far from the one before, how often in a row */
    } seen[256];
    Pen pen;
} Stream;

/* What selects weights besides the bits of a byte. */
enum { F_C1, F_C2, F_C3, F_WORD, F_COLUMN, F_MARK, F_CLASSES, F_OPEN, F_FIRST, F_TAG, F_THREE, F_RECORD, FACTS };

/* A byte of the part of a window in which nothing is learnt. */
typedef struct {
    uint32_t hashes[KINDS];
    int16_t run_bytes[KINDS + 1], run_counts[KINDS + 1]; /* what runs expect, behind a 1, and how long they are */
    int16_t run_first[KINDS + 1], run_later[KINDS + 1];  /* the inputs made of it, at the first bit and after it */
    uint32_t facts[FACTS], lengths[MODELS], expected, certainty;
    int guesses[MODELS], symbol;
} Byte;

/* A bit of it. */
typedef struct {
    int16_t x[MOST_INPUTS]; /* inputs of the mixer */
    uint32_t rows[MOST_SETS], final_rows[FINALS], refined[MAPS];
    int32_t dots[MOST_SETS], set_p[MOST_SETS], final_p[FINALS];
    int match_rows[MODELS], between;
} Bit;

typedef struct {
    size_t B, K, D, S, frozen, runs, inputs, orders; /* D kinds have direct probabilities; runs: K, padded to whole vectors */
    int direct_numbers[KINDS]; /* numbers of the kinds among these, or -1 */
    int kinds[KINDS + 1], network, points, line_bits, match_bits;
    uint64_t mask; /* bytes of text that are kept of each stream, minus 1 */
    Stream *text;  /* (B) */
    uint8_t *past; /* (B, mask + 1): a ring of each stream */
    uint64_t *learnt;
    uint32_t *match_table;                        /* (MODELS, 2^match_bits) */
    uint32_t *indirect1, *indirect2, *indirect3;  /* what followed one byte, two, three */
    uint8_t *slots;                               /* (K, 2^line_bits, 64) */
    uint32_t *direct;                             /* (D, 2^line_bits, GROUP) */
    uint32_t *maps, *runs_p, *matches, *order0, *order1; /* adaptive probabilities: 22 bits, and 10 of a count */
    int16_t *map_inputs, *run_stretch;                   /* the inputs made of maps (two) and of runs */
    int16_t *weights;                                    /* (rows of all sets, inputs): 2^14 is 1 */
    int32_t *visits, *finals; /* (rows), (FINAL_ROWS, FINAL_STRIDE): 2^16 is 1 */
    uint16_t *refinements;    /* (MAPS, MAP_ROWS, BUCKETS): probabilities */
    uint32_t set_rows[MOST_SETS + 1];       /* where the rows of each set begin */
    uint8_t *histories;                     /* (B, K, 16): of half a byte */
    uint32_t **groups;                      /* (B, D): the direct probabilities of half a byte */
    uint32_t *cumulative;                   /* (B, 257): of the network's frequencies */
    Byte *bytes;                            /* (frozen, B) */
    Bit *bits;                              /* (frozen, B, 8) */
} Mixing;

static size_t padded(size_t count) { return (count + VECTOR - 1) / VECTOR * VECTOR; }

static void mixing_allocate(Mixing *m, const Config *config) {
    memset(m, 0, sizeof *m);
    uint64_t B = config->is[STREAMS], places = times(B, config->is[FROZEN]), K;
    for (int kind = 0; kind < KINDS; kind++)
        if (config->is[MIXING] >> kind & 1) {
            m->orders += kind < ORDERS;
            m->direct_numbers[m->K] = config->is[DIRECT] >> kind & 1 ? (int)m->D++ : -1;
            m->kinds[m->K++] = kind;
        }
    m->kinds[K = m->K] = KINDS;
    m->B = (size_t)B, m->S = (size_t)config->is[SETS], m->frozen = (size_t)config->is[FROZEN];
    m->runs = padded(m->K), m->inputs = padded(m->runs + 2 * m->K + OTHERS + 2 * m->D);
    m->network = config->is[LAYERS] > 0, m->points = config->is[POINTS] > 0;
    m->line_bits = (int)config->is[SLOT_BITS], m->match_bits = (int)least(22, config->is[PAST_BITS] + 1);
    m->mask = ((uint64_t)1 << config->is[PAST_BITS]) - 1;
    for (size_t t = 0; t < m->S; t++) m->set_rows[t + 1] = m->set_rows[t] + SET_ROWS[t];
    m->text = ARRAY(Stream, B, 1);
    m->past = ARRAY(uint8_t, B, m->mask + 1);
    m->learnt = ARRAY(uint64_t, B, 1);
    m->match_table = ARRAY(uint32_t, MODELS, (uint64_t)1 << m->match_bits);
    m->indirect1 = ARRAY(uint32_t, 256, 1), m->indirect2 = ARRAY(uint32_t, 65536, 1);
    m->indirect3 = ARRAY(uint32_t, 1 << 20, 1);
    m->slots = ARRAY(uint8_t, K << m->line_bits, LINE_BYTES);
    m->direct = ARRAY(uint32_t, (uint64_t)m->D << m->line_bits, GROUP);
    m->maps = ARRAY(uint32_t, K, 256), m->map_inputs = ARRAY(int16_t, K, 512);
    m->runs_p = ARRAY(uint32_t, K, RUNS), m->run_stretch = ARRAY(int16_t, K, RUNS);
    m->matches = ARRAY(uint32_t, MODELS, MATCH_LENGTHS);
    m->order0 = ARRAY(uint32_t, 256, 1), m->order1 = ARRAY(uint32_t, 65536, 1);
    m->weights = ARRAY(int16_t, m->set_rows[m->S], m->inputs), m->visits = ARRAY(int32_t, m->set_rows[m->S], 1);
    m->finals = ARRAY(int32_t, FINAL_ROWS, FINAL_STRIDE);
    m->refinements = ARRAY(uint16_t, MAPS * MAP_ROWS, BUCKETS);
    m->histories = ARRAY(uint8_t, times(B, K), 16);
    m->groups = ARRAY(uint32_t *, B, m->D);
    m->cumulative = ARRAY(uint32_t, B, 257);
    m->bytes = ARRAY(Byte, places, 1), m->bits = ARRAY(Bit, places, 8);
}

static void fill(uint32_t *array, size_t count, uint32_t value) {
    while (count--) *array++ = value;
}

/* What each of K contexts begins with if all have `weight`, in 1/256. */
static int16_t share(int weight, size_t K) { return (int16_t)quotient(weight * 64, (int)K + 4); }

static void mixing_start(Mixing *m) {
    enum { HISTORY_WEIGHT = 357, CERTAINTY_WEIGHT = -62, RUN_WEIGHT = 82, NETWORK_WEIGHT = 143 << 6 };
    enum { RATE = 1573, RATE_LEFT = 15, RATE_HALF = 1000 };
    for (int n = 0; n < 1024; n++) reciprocals[n] = (2 << 16) / (2 * n + 3);
    for (int n = 0; n < RATES; n++) {
        int visits = n < 1024 ? n : 1024 + 64 * (n - 1024);
        rates[n] = RATE * (RATE_LEFT + 100 * RATE_HALF / (RATE_HALF + visits)) / 100;
    }
    for (size_t n = 0; n < m->K * 256; n++) { /* a history of a zeros and b ones begins as (b + 0.4) / (a + b + 0.8) */
        const uint8_t *seen = counts + 2 * (n % 256);
        m->maps[n] = ((10u * seen[1] + 4) << 22) / (10u * (seen[0] + seen[1]) + 8) << 10;
    }
    fill(m->runs_p, m->K * RUNS, (4u << 22) / 5 << 10);
    fill(m->matches, MODELS * MATCH_LENGTHS, (9u << 22) / 10 << 10);
    fill(m->direct, (m->D << m->line_bits) * GROUP, 1u << 31);
    fill(m->order0, 256, 1u << 31);
    fill(m->order1, 65536, 1u << 31);
    size_t others = m->runs + 2 * m->K;
    int16_t history = share(HISTORY_WEIGHT, m->K), certainty = share(CERTAINTY_WEIGHT, m->K), run = share(RUN_WEIGHT, m->K);
    for (size_t row = 0; row < m->set_rows[m->S]; row++) {
        int16_t *weights = m->weights + row * m->inputs;
        for (size_t n = 0; n < m->K; n++) weights[n] = run;
        for (size_t n = m->runs; n < others; n += 2) weights[n] = history, weights[n + 1] = certainty;
        if (m->network) weights[others + 2 + 2 * MODELS + 1] = NETWORK_WEIGHT;
    }
    for (size_t n = 0; n < FINAL_ROWS * FINAL_STRIDE; n++)
        if (n % FINAL_STRIDE < m->S) m->finals[n] = (int32_t)((1 << 16) / m->S);
    for (size_t n = 0; n < (size_t)MAPS * MAP_ROWS * BUCKETS; n++)
        m->refinements[n] = (uint16_t)squash(clamp(((int64_t)(n % BUCKETS) - 16) * 128, -SQUASH_LIMIT, SQUASH_LIMIT));
}

static void set_map_inputs(Mixing *m, size_t n) {
    m->map_inputs[2 * n] = stretch_table[m->maps[n] >> 20];
    m->map_inputs[2 * n + 1] = (int16_t)(((int32_t)(m->maps[n] >> 16) - 32768) >> 6);
}

static void mixing_ready(Mixing *m) {
    for (size_t n = 0; n < m->K * 256; n++) set_map_inputs(m, n);
    for (size_t n = 0; n < m->K * RUNS; n++) m->run_stretch[n] = stretch_table[m->runs_p[n] >> 20];
}

/* -- mixing: what a stream remembers --------------------------------------------------------------------------------- */

/* A hash of two numbers. */
static inline uint32_t join(uint32_t a, uint32_t b) {
    uint32_t x = a * 0x1E3779B1u + b * 0x25EBCA6Bu + 0x7F4A7C15u;
    x = (x ^ x >> 15) * 0x2C1B3C6Du;
    return x ^ x >> 13;
}

/* Whether a byte structures text. */
static int is_mark(uint32_t c) { return c && strchr("[{(|=*'&;]}):,\n", (int)c) != NULL; }

/* 1 lower case, 2 upper case, 3 digit, 4 space, 5 newline, 6 signs of mark-up, 7 other, 0 from 128 on. */
static uint32_t class_of(uint32_t c) {
    if (c >= 'a' && c <= 'z') return 1;
    if (c >= 'A' && c <= 'Z') return 2;
    if (c >= '0' && c <= '9') return 3;
    if (c == ' ' || c == '\n') return c == ' ' ? 4 : 5;
    if (c && c < 128 && strchr("[]{}|=*#<>&", (int)c)) return 6;
    return c < 128 ? 7 : 0;
}

/* Words are of letters, whose case does not count. */
static void observe_word(Stream *s, uint32_t c) {
    uint32_t letter = fold(c);
    if (letter) {
        s->word = join(s->word + 1, letter);
        s->letters = s->letters << 8 | letter;
        return;
    }
    if (s->word) {
        s->word2 = s->word1, s->word1 = s->word, s->word = 0;
        s->words = s->words < 255 ? s->words + 1 : 255;
        s->sentence = join(s->sentence >> 8, s->word1) & 0xFFFF;
    }
    if (c == '.' || c == '\n') s->sentence = s->words = 0;
}

/* [ ( { < and two apostrophes open, ] ) } > close, the end of the line closes all. */
static void observe_brackets(Stream *s, uint32_t c, uint32_t before) {
    if (c == '[' || c == '(' || c == '{' || c == '<' || (c == '\'' && before == '\'')) {
        if (s->depth < DEEPEST) {
            s->stack[s->depth] = c;
            s->opened_at[s->depth++] = s->position;
        }
        s->brackets = join(s->brackets & 0xFFFF, c);
    } else if (c == ']' || c == ')' || c == '}' || c == '>')
        s->depth -= s->depth > 0;
    else if (c == '\n')
        s->depth = s->brackets = 0;
}

/* Tags of XML, and where the content of each began and ended the last time. */
static void observe_tag(Stream *s, uint32_t c) {
    if (c == '<') {
        if (s->field) {
            s->field_from[s->field - 1] = s->field_start;
            s->field_to[s->field - 1] = s->position - 1;
            s->field = 0;
        }
        s->tag = s->in_tag = 1;
    } else if (s->in_tag == 1 && c == '>') {
        s->in_tag = 2;
        s->field = 1 + s->tag % TAGS;
        s->field_start = s->position;
    } else if (s->in_tag == 1)
        s->tag = join(s->tag, c);
}

/* The length of a record is a distance at which bytes return again and again. */
static void observe_record(Stream *s, uint32_t c) {
    uint64_t distance = s->position - s->seen[c].at;
    if (distance == s->seen[c].distance) {
        if (++s->seen[c].times >= 3 && distance > 1 && distance <= LONGEST) {
            if (distance != s->candidate)
                s->candidate = distance, s->votes = 0;
            else if (++s->votes > 12)
                s->record = distance;
        }
    } else
        s->seen[c].distance = distance, s->seen[c].times = 0;
    s->seen[c].at = s->position;
}

/* The byte c follows. */
static void observe(Mixing *m, size_t b, uint32_t c) {
    Stream *s = m->text + b;
    uint32_t before = s->last & 255;
    m->past[b * (m->mask + 1) + (s->position & m->mask)] = (uint8_t)c;
    observe_record(s, c);
    s->position++;
    s->before = s->before << 8 | s->last >> 24;
    s->last = s->last << 8 | c;
    s->classes = (s->classes << 3 | class_of(c)) & 0x3FFFFFFF;
    if (is_mark(c)) s->marks = s->marks << 8 | c;
    observe_word(s, c);
    observe_brackets(s, c, before);
    observe_tag(s, c);
    if (c == '\n') {
        s->line1 = s->line, s->line = s->position;
        s->first = s->start = 0;
    } else {
        if (s->position - s->line == 1) s->first = c;
        if (s->position - s->line <= 3) s->start = join(s->start, c);
    }
}

/* Where a match model notes the place behind some bytes that end before `position`. */
static uint32_t *match_entry(const Mixing *m, size_t b, uint64_t position, uint32_t model) {
    const uint8_t *past = m->past + b * (m->mask + 1);
    uint32_t x = model;
    for (uint64_t j = 1; j <= LEAST_MATCH[model]; j++) x = x * 0x2C1B3C6Du + past[(position - j) & m->mask] + 1;
    return m->match_table + ((size_t)model << m->match_bits) + (join(x, model) >> (32 - m->match_bits));
}

/* Have a match model follow the last place where the same bytes stood, if there was one. */
static void look_for_match(Mixing *m, size_t b, uint32_t model) {
    Stream *s = m->text + b;
    uint64_t found = *match_entry(m, b, s->position, model), size = m->mask + 1, length = 0;
    if (!found) return;
    uint64_t there = (found - 1) % m->B, place = (found - 1) / m->B;
    /* What is not known to all streams yet, and what is overwritten in this part of the window, does not count. */
    if (place >= m->learnt[there] || place + size < m->learnt[there] + 2 * m->frozen + VERIFIED) return;
    const uint8_t *other = m->past + there * size, *own = m->past + b * size;
    while (length < least(VERIFIED, least(place, s->position)) &&
           other[(place - 1 - length) & m->mask] == own[(s->position - 1 - length) & m->mask])
        length++;
    if (length < LEAST_MATCH[model]) return;
    s->match[model].place = place, s->match[model].stream = there, s->match[model].length = length;
}

/* The match models of a stream go on after the byte c, which it has observed, or look for a match. */
static void follow(Mixing *m, size_t b, uint32_t c) {
    Stream *s = m->text + b;
    for (uint32_t model = 0; model < MODELS; model++) {
        uint64_t there = s->match[model].stream, length = s->match[model].length;
        if (length) {
            uint32_t guess = m->past[there * (m->mask + 1) + (s->match[model].place++ & m->mask)];
            /* What other streams read in this part of the window is not known to all yet. */
            int holds = guess == c && (there == b || s->match[model].place < m->learnt[there]);
            s->match[model].length = length = holds ? least(length + 1, LONGEST) : 0;
        }
        if (!length && s->position >= LEAST_MATCH[model]) look_for_match(m, b, model);
    }
}

/* -- mixing: slots --------------------------------------------------------------------------------------------------- */

/* A line of a table has three slots of 21 bytes: 16 bits of the hash, histories of the 15 nodes of the tree of four
 * bits, and in slots of upper halves a run, the byte that came last and how often in a row. */
enum { WAYS = 3, SLOT = 21, HISTORIES = 2, RUN_BYTE = 17, RUN_COUNT = 18 };

static inline int node(int i, int c0) { return (i < 4 ? c0 : (c0 & ((1 << (i - 4)) - 1)) | 1 << (i - 4)) - 1; }

static inline uint8_t *line_of(const Mixing *m, size_t k, uint32_t x) {
    return m->slots + ((k << m->line_bits) + (x >> (32 - m->line_bits))) * LINE_BYTES;
}

static inline uint8_t *find(uint8_t *line, uint32_t x) {
    for (uint8_t *slot = line; slot < line + WAYS * SLOT; slot += SLOT)
        if (slot[0] == (x & 255) && slot[1] == (x >> 8 & 255)) return slot;
    return NULL;
}

/* The slot of hash x; if there is none it is made in place of the one that has seen least. */
static uint8_t *claim(uint8_t *line, uint32_t x) {
    uint8_t *slot = find(line, x), *best = line;
    int fewest = 1 << 30;
    if (slot) return slot;
    for (slot = line; slot < line + WAYS * SLOT; slot += SLOT) {
        int seen = counts[2 * slot[HISTORIES]] + counts[2 * slot[HISTORIES] + 1];
        if (seen < fewest) best = slot, fewest = seen;
    }
    memset(best, 0, SLOT);
    best[0] = (uint8_t)x, best[1] = (uint8_t)(x >> 8);
    return best;
}

/* Direct probabilities count what came in a context, for ever. A hash names a group of them, of half a byte; nothing is
 * checked, so contexts of one group count together. */
static inline uint32_t *group_of(const Mixing *m, size_t d, uint32_t x) {
    return m->direct + ((d << m->line_bits) + (x >> (32 - m->line_bits))) * GROUP;
}

/* Have all that hash x names fetched. */
static inline void fetch(const Mixing *m, size_t k, uint32_t x) {
    PREFETCH(line_of(m, k, x));
    if (m->direct_numbers[k] >= 0) PREFETCH(group_of(m, (size_t)m->direct_numbers[k], x));
}

static void fetch_lower(const Mixing *m, const Byte *byte, uint32_t c0) {
    for (size_t k = 0; k < m->K; k++) fetch(m, k, join(byte->hashes[k], c0));
}

static void copy_histories(const Mixing *m, size_t b, size_t k, const uint8_t *slot) {
    uint8_t *out = m->histories + (b * m->K + k) * 16;
    if (slot)
        memcpy(out, slot + HISTORIES, 16);
    else
        memset(out, 0, 16);
}

/* Note where the direct probabilities of hash x are, for half a byte. */
static inline void note_group(const Mixing *m, size_t b, size_t k, uint32_t x) {
    int d = m->direct_numbers[k];
    if (d >= 0) m->groups[b * m->D + (size_t)d] = group_of(m, (size_t)d, x);
}

/* Find the histories of all kinds for the upper half of a byte, and what their runs expect. */
static void find_upper(const Mixing *m, Byte *byte, size_t b) {
    for (size_t k = 0; k < m->K; k++) {
        const uint8_t *slot = find(line_of(m, k, byte->hashes[k]), byte->hashes[k]);
        int count = slot ? slot[RUN_COUNT] : 0;
        const int16_t *run = m->run_stretch + k * RUNS + 2 * (count < 31 ? count : 31);
        copy_histories(m, b, k, slot);
        note_group(m, b, k, byte->hashes[k]);
        byte->run_counts[k] = (int16_t)count;
        byte->run_bytes[k] = (int16_t)(count ? slot[RUN_BYTE] | 256 : 0);
        byte->run_first[k] = run[1], byte->run_later[k] = run[0];
    }
}

static void find_lower(const Mixing *m, const Byte *byte, size_t b, uint32_t c0) {
    for (size_t k = 0; k < m->K; k++) {
        uint32_t x = join(byte->hashes[k], c0);
        copy_histories(m, b, k, find(line_of(m, k, x), x));
        note_group(m, b, k, x);
    }
}

/* -- mixing: contexts ------------------------------------------------------------------------------------------------ */

/* What the match models expect: a byte or -1, and the length of the match. */
static void expect(const Mixing *m, size_t b, Byte *byte) {
    for (int model = 0; model < MODELS; model++) {
        const Stream *s = m->text + b;
        uint64_t length = s->match[model].length;
        const uint8_t *past = m->past + s->match[model].stream * (m->mask + 1);
        byte->lengths[model] = (uint32_t)length;
        byte->guesses[model] = length ? past[s->match[model].place & m->mask] : -1;
    }
}

/* Contexts from lines, marks, brackets, fields. */
static void hash_structure(const Mixing *m, const Stream *s, const uint8_t *past, uint32_t *h) {
    uint64_t mask = m->mask, column = s->position - s->line, at;
    uint32_t c1 = s->last & 0xFF, two = s->last & 0xFFFF, three = s->last & 0xFFFFFF;
    uint32_t above = 0, above_next = 0, opened = 0, distance = 0, inside = 0, field = 0, field_next = 0;
    if (s->line1 + column < s->line) above = past[(s->line1 + column) & mask];
    if (s->line1 + column + 1 < s->line) above_next = past[(s->line1 + column + 1) & mask];
    if (s->depth) {
        opened = s->stack[s->depth - 1];
        at = s->opened_at[s->depth - 1];
        distance = (uint32_t)least(31, s->position - at);
        if (at < s->position) inside = past[at & mask];
    }
    if (s->field) {
        uint64_t place = s->field_from[s->field - 1] + s->position - s->field_start, end = s->field_to[s->field - 1];
        if (place < end) field = past[place & mask];
        if (place + 1 < end) field_next = past[(place + 1) & mask];
    }
    h[14] = join(s->marks & 0xFFFFFF, c1), h[22] = join(s->marks & 0xFFFFFF, s->word);
    h[27] = join(s->marks & 0xFFFFFF, two), h[29] = join(s->marks & 0xFFFF, join(s->word, s->word1));
    h[15] = join(s->start, s->word), h[28] = join(s->start, three);
    h[39] = join(s->first, two), h[40] = join(s->first, join(s->word, s->word1));
    h[16] = join((uint32_t)column, c1), h[34] = join(above, two);
    h[35] = join(above << 8 | above_next, s->first << 8 | c1);
    h[20] = join(s->tag, s->word), h[21] = join(s->tag, two);
    h[36] = join(s->field, c1 << 16 | field_next << 8 | field);
    h[37] = join(opened, distance << 8 | c1), h[46] = join(opened, three);
    h[38] = join(inside << 8 | opened, s->word), h[45] = join(s->brackets, s->word);
    h[47] = join((s->words < 15 ? s->words : 15) << 8 | opened, s->word);
}

/* Records: the same place one and two records before, the neighbours of that, and the place itself. */
static void hash_records(const Mixing *m, const Stream *s, const uint8_t *past, uint32_t *h) {
    uint64_t mask = m->mask, length = s->record, position = s->position;
    uint32_t c1 = s->last & 0xFF, two = s->last & 0xFFFF, up = 0, up2 = 0, left = 0, right = 0;
    if (length && length <= position && length < mask) {
        up = past[(position - length) & mask];
        left = past[(position - length - 1) & mask];
        right = past[(position - length + 1) & mask];
        if (2 * length <= position && 2 * length < mask) up2 = past[(position - 2 * length) & mask];
    }
    uint32_t place = length ? (uint32_t)(position % length) : 0, size = (uint32_t)length;
    h[55] = join(up << 16 | left << 8 | c1, size), h[56] = join(up << 8 | up2, size);
    h[57] = join(place, size << 8 | up), h[58] = join(left << 16 | up << 8 | right, c1);
    h[59] = s->last & 0xFF00, h[60] = s->last & 0xFF0000;
    h[61] = join(place, c1), h[62] = join(up, two);
}

/* Note the hash of kind number k; its line is on its way to the cache then. */
static void note_hash(const Mixing *m, Byte *byte, size_t k, uint32_t value) {
    byte->hashes[k] = join(value, (uint32_t)m->kinds[k] + 1);
    fetch(m, k, byte->hashes[k]);
}

static void hash_text(const Mixing *m, size_t b, const Byte *byte, uint32_t *h) {
    const Stream *s = m->text + b;
    const uint8_t *past = m->past + b * (m->mask + 1);
    uint32_t last = s->last, before = s->before, word = s->word, word1 = s->word1, word2 = s->word2;
    uint32_t c1 = last & 0xFF, two = last & 0xFFFF, three = last & 0xFFFFFF;
    /* The last 1 to 6 bytes, then the word, 8 bytes, 11. */
    h[0] = c1, h[1] = two, h[2] = three, h[3] = last;
    h[4] = join(last, before & 0xFF), h[5] = join(last, before & 0xFFFF);
    h[6] = word, h[7] = join(last, before), h[26] = join(join(last, before & 0xFFFFFF), 1);
    /* Words. */
    h[8] = join(word, word1), h[9] = join(word, c1), h[13] = join(word, join(word1, word2));
    h[17] = join(word, word2), h[24] = join(three, word1), h[32] = join(word1, c1);
    h[33] = join(word1, join(word2, c1)), h[41] = s->letters, h[44] = join(s->sentence, word);
    /* Some of the last bytes, or some of their bits. */
    h[10] = join(last & 0xF0F0F0F0, before & 0xF0F0), h[11] = last & 0xFFFF00, h[12] = last & 0xFF00FF;
    h[18] = last & 0xFFFF0000, h[19] = join(last & 0xFF000000, before & 0xFF);
    h[25] = join(last & 0xDFDFDFDF, before & 0xDFDFDF), h[31] = join(last & 0xE0E0E0E0, before & 0xE0E0E0E0);
    h[42] = join(s->classes & 0xFFFFFF, c1), h[43] = join(s->classes, two);
    hash_structure(m, s, past, h);
    hash_records(m, s, past, h);
    /* What followed the last times after the last byte, two, three. */
    uint32_t i1 = m->indirect1[c1], i2 = m->indirect2[two], i3 = m->indirect3[join(three, 7) >> 12];
    h[48] = join(i1 & 0xFFFF, c1), h[49] = join(i1, c1), h[50] = join(i2 & 0xFFFF, c1);
    h[51] = join(i2 & 0xFF, two), h[52] = join(i3 & 0xFFFF, c1);
    /* What others expect. */
    uint64_t longest = most(byte->lengths[0], most(byte->lengths[1], byte->lengths[2]));
    h[23] = join((uint32_t)(byte->guesses[0] + 1), two);
    h[30] = join((uint32_t)least(longest, 15), three);
}

/* Hash the contexts made of what the network expects. */
static void hash_network(const Mixing *m, Byte *byte) {
    for (size_t k = 0; k < m->K; k++) {
        if (m->kinds[k] == NETWORK_KIND) note_hash(m, byte, k, join(byte->expected, byte->facts[F_C1]));
        if (m->kinds[k] == NETWORK_SURE_KIND)
            note_hash(m, byte, k, join(byte->expected << 3 | byte->certainty >> 1, byte->facts[F_C1] | byte->facts[F_C2] << 8));
    }
}

static void tell_facts(const Stream *s, uint32_t *f) {
    f[F_C1] = s->last & 0xFF, f[F_C2] = s->last >> 8 & 0xFF, f[F_C3] = s->last >> 16 & 0xFF;
    f[F_WORD] = s->word != 0;
    f[F_COLUMN] = (uint32_t)least(255, s->position - s->line);
    f[F_MARK] = s->marks & 0xFF;
    f[F_CLASSES] = s->classes & 0xFFFF;
    f[F_OPEN] = s->depth ? s->stack[s->depth - 1] & 15 : 0;
    f[F_FIRST] = s->first;
    f[F_TAG] = s->in_tag;
    f[F_THREE] = join(s->last & 0xFFFFFF, 3) & 0xFFFF;
    f[F_RECORD] = s->record ? (uint32_t)(s->position % s->record % 256) : 0;
}

/* -- mixing: contexts of points ------------------------------------------------------------------------------------ */

/* A new run of points begins. */
static void lift_pen(Pen *pen) {
    pen->since = 0;
    pen->stroke = pen->stroke < 255 ? pen->stroke + 1 : 255;
    if (pen->record[1] == BEGINS) {
        pen->stroke = pen->clock = pen->place[0] = pen->place[1] = 0;
        pen->drawing++;
    }
    pen->from[0] = pen->from[1] = 0;
    memset(pen->steps, 0, 2 * sizeof *pen->steps);
}

/* A point follows. To where the pen is set down it did not draw. */
static void move_pen(Pen *pen, const int32_t step[3]) {
    for (int n = 0; n < 3; n++) {
        memmove(pen->steps[n] + 1, pen->steps[n], (SPAN - 1) * sizeof *step);
        pen->steps[n][0] = n < 2 && !pen->since ? 0 : step[n];
    }
    for (int axis = 0; axis < 2; axis++)
        pen->place[axis] += (uint32_t)step[axis], pen->from[axis] += (uint32_t)pen->steps[axis][0];
    pen->clock += (uint32_t)step[2];
    pen->since = pen->since < 255 ? pen->since + 1 : 255;
}

/* The byte c of packed strokes follows; of records of two numbers the first is dy. */
static void observe_point(Pen *pen, uint32_t c) {
    int at = place_in_record(&pen->head, 2), timed = pen->head.columns > 2;
    observe_head(&pen->head, c);
    if (at >= 0) pen->record[at] = (uint8_t)c;
    if (at < 0 || at < (int)pen->head.columns - 1) return;
    const uint8_t *r = pen->record;
    const int32_t step[3] = {(int32_t)signed_(r[1]), (int32_t)signed_(r[timed ? 2 : 0]), timed ? r[0] : 0};
    if (r[0] == LIFT)
        lift_pen(pen);
    else
        move_pen(pen, step);
}

/* How far the pen came along an axis in the last so many steps; how long it took (axis 2). */
static int32_t moved(const Pen *pen, int axis, int steps) {
    int32_t sum = 0;
    while (steps--) sum += pen->steps[axis][steps];
    return sum;
}

/* How far it will come in `time` at the speed of the last steps, in 1/scale, at most 60. */
static int32_t expected(const Pen *pen, int axis, int steps, int64_t time, int scale) {
    int64_t passed = (int64_t)most(1, (uint64_t)moved(pen, 2, steps));
    return (int32_t)clamp(quotient(2 * moved(pen, axis, steps) * time * scale + passed, 2 * passed), -60, 60);
}

/* Of a step, or of several: one of 16 directions, 0 for none; one of 8 sizes; two small numbers as one. */
static uint32_t direction(int32_t x, int32_t y) {
    int width = abs(x), height = abs(y);
    if (!width && !height) return 0;
    return (uint32_t)(1 + 4 * (x < 0) + 8 * (y < 0) + clamp(4 * height / (width + height), 0, 3));
}

static uint32_t size_of(int32_t x, int32_t y) {
    int far = abs(x) + abs(y);
    return (uint32_t)(far < 4 ? far : 4 + (far > 5) + (far > 8) + (far > 15));
}

static uint32_t pair(int32_t x, int32_t y) { return ((uint32_t)x & 0xFFFF) << 16 | ((uint32_t)y & 0xFFFF); }

static uint32_t pair_expected(const Pen *pen, int steps, int64_t time, int scale) {
    return pair(expected(pen, 0, steps, time, scale), expected(pen, 1, steps, time, scale));
}

/* A hash of the bytes of the record so far. */
static uint32_t known_of_record(const Pen *pen, int at) {
    uint32_t known = (uint32_t)at;
    for (int n = 0; n < at; n++) known = join(known, pen->record[n]);
    return known;
}

/* The time from the last point to this one, if it is known. */
static int64_t time_of(const Pen *pen, int at) {
    return at && pen->head.columns > 2 ? (int64_t)least(NEAR - 1, pen->record[0]) : 8;
}

/* Hash the contexts of byte `at` of a record. */
static void hash_points(const Pen *pen, int at, uint32_t *h) {
    const int32_t *dx = pen->steps[0], *dy = pen->steps[1], x = (int32_t)pen->place[0], y = (int32_t)pen->place[1];
    const int32_t from_x = (int32_t)pen->from[0], from_y = (int32_t)pen->from[1];
    const int32_t x2 = moved(pen, 0, 2), x4 = moved(pen, 0, 4), x8 = moved(pen, 0, 8);
    const int32_t y2 = moved(pen, 1, 2), y4 = moved(pen, 1, 4), y8 = moved(pen, 1, 8);
    const int32_t *t = pen->steps[2];
    const uint32_t t1 = (uint32_t)t[0], t2 = t1 | (uint32_t)t[1] << 8, t3 = t2 | (uint32_t)t[2] << 16;
    const uint32_t long2 = (uint32_t)(t[0] + t[1]), long3 = long2 + (uint32_t)t[2];
    uint32_t known = known_of_record(pen, at), drawing = pen->drawing, hand = drawing % (uint32_t)pen->head.hands;
    uint32_t d2 = direction(x2, y2), d4 = direction(x4, y4), d8 = direction(x8, y8), s4 = size_of(x4, y4), sizes = 0;
    int64_t time = time_of(pen, at);
    uint32_t e1 = pair_expected(pen, 1, time, 4), e2 = pair_expected(pen, 2, time, 3);
    uint32_t e4 = pair_expected(pen, 4, time, 4), e8 = pair_expected(pen, 8, time, 4);
    uint32_t half = pair_expected(pen, 4, time, 2), by_hand = join(known, hand), here = join(known, drawing);
    for (int n = 0; n < 4; n++) sizes = sizes << 3 | size_of(dx[n], dy[n]);
    /* The last steps. */
    h[0] = known;
    for (int n = 0; n < 4; n++) h[n + 1] = join(h[n], pair(dx[n], dy[n]));
    h[5] = join(h[4], join(pair(dx[4], dy[4]), pair(dx[5], dy[5])));
    /* The last times. */
    h[6] = join(known, t1), h[7] = join(known, t2);
    h[8] = join(known, t3), h[9] = join(h[8], (uint32_t)(t[3] << 8 | t[4]));
    h[10] = join(known, long2), h[11] = join(known, long3);
    h[12] = join(h[1], t1), h[13] = join(h[2], t2);
    h[14] = join(join(known, sizes), t1), h[15] = join(join(known, sizes & 0x3F), t3);
    /* Where the pen goes. */
    h[16] = join(known, d4 << 8 | s4), h[17] = join(known, d8 << 8 | size_of(x8, y8));
    h[18] = join(h[1], d4 << 8 | direction(x8 - x4, y8 - y4)), h[19] = join(join(known, d4 << 8 | d2), t1);
    h[20] = join(known, d8 << 16 | (uint32_t)least(255, (uint64_t)(abs(x8) + abs(y8))));
    h[21] = join(known, pair(x4, y4)), h[22] = join(h[1], pair(x4, y4));
    h[23] = join(join(known, pair(x8, y8)), pair(x4, y4)), h[24] = join(known, pair(x2, y2));
    h[25] = join(known, sizes), h[26] = join(known, s4 << 8 | (uint32_t)least(40, pen->since));
    /* What its speed lets one expect. */
    h[27] = join(known, e4), h[28] = join(known, e2), h[29] = join(h[1], e8), h[30] = join(h[2], half);
    h[31] = join(join(known, half), drawing), h[32] = join(join(known, e1), hand);
    h[33] = join(join(known, half), d8), h[34] = join(join(known, e4), e1);
    /* Each axis by itself. */
    h[35] = join(known, join(pair(dx[0], dx[1]), (uint32_t)dx[2])), h[37] = join(h[35], pair(dx[3], dx[4]));
    h[36] = join(known, join(pair(dy[0], dy[1]), (uint32_t)dy[2])), h[38] = join(h[36], pair(dy[3], dy[4]));
    /* Whose hand it is, and this drawing. */
    h[39] = by_hand, h[40] = join(h[1], hand), h[41] = join(by_hand, t1), h[42] = join(by_hand, t2);
    h[43] = join(by_hand, long2), h[44] = join(by_hand, long3);
    h[45] = join(by_hand, pen->clock & 15), h[46] = join(by_hand, (sizes & 7) | t1 << 8), h[47] = join(h[12], hand);
    h[48] = here, h[49] = join(h[1], drawing), h[50] = join(here, t1);
    h[51] = join(here, pen->clock & 7), h[52] = join(here, t2);
    /* Where the pen is. */
    h[55] = join(known, pair(x >> 2, y >> 2)), h[56] = join(join(known, pair(x >> 3, y >> 3)), d4);
    h[57] = join(known, pair(from_x >> 1, from_y >> 1)), h[58] = join(known, pen->since << 8 | pen->stroke);
    h[59] = join(join(known, pen->stroke), pair(x >> 3, y >> 3));
    h[60] = join(join(known, (uint32_t)least(3, pen->since)), (uint32_t)least(0xFFFF, pen->clock) >> 8);
    h[61] = join(join(known, pair(from_x >> 2, from_y >> 2)), d4), h[62] = join(h[16], t1);
    for (int kind = 0; kind < KINDS; kind++) h[kind] = join(h[kind], 1024 + (pen->since > 0));
}

static void tell_point_facts(const Pen *pen, int at, uint32_t *f) {
    uint32_t phase = (uint32_t)least(3, (uint64_t)at), last = at ? pen->record[at - 1] : (uint32_t)pen->steps[2][0];
    uint32_t d4 = direction(moved(pen, 0, 4), moved(pen, 1, 4));
    int64_t time = time_of(pen, at);
    int axis = at > 1;
    f[F_C1] = 85 * (uint32_t)least(2, phase) + (uint32_t)least(84, last);
    f[F_C2] = 64 * phase + (uint32_t)least(63, at ? pen->record[0] : (uint32_t)pen->steps[2][1]);
    f[F_C3] = 64 * phase + d4;
    f[F_WORD] = !at;
    f[F_COLUMN] = 64 * phase + (uint32_t)least(63, pen->since);
    f[F_MARK] = 64 * phase + 32 + (uint32_t)clamp(expected(pen, axis, 4, time, 4), -32, 31);
    f[F_CLASSES] = phase | size_of(moved(pen, 0, 4), moved(pen, 1, 4)) << 2 | d4 << 5 | (uint32_t)least(63, last) << 10;
    f[F_OPEN] = size_of(moved(pen, 0, 8), moved(pen, 1, 8));
    f[F_FIRST] = 64 * phase + pen->drawing % (uint32_t)pen->head.hands % 64;
    f[F_TAG] = phase;
    f[F_THREE] = join(known_of_record(pen, at), pair(pen->steps[0][0], pen->steps[1][0])) & 0xFFFF;
    f[F_RECORD] = 64 * phase + 32 + (uint32_t)clamp(expected(pen, !axis, 2, time, 4), -32, 31);
}

/* -- mixing: a byte -------------------------------------------------------------------------------------------------- */

/* Work out what is known of the next byte of stream b before anything is predicted. */
static void begin_byte(const Mixing *m, size_t b, Byte *byte) {
    const Stream *s = m->text + b;
    int at = m->points ? place_in_record(&s->pen.head, 2) : -1;
    uint32_t h[KINDS] = {0};
    expect(m, b, byte);
    if (at < 0)
        hash_text(m, b, byte, h), tell_facts(s, byte->facts);
    else
        hash_points(&s->pen, at, h), tell_point_facts(&s->pen, at, byte->facts);
    h[NETWORK_KIND] = h[NETWORK_SURE_KIND] = 0; /* those come later */
    for (size_t k = 0; k < m->K; k++) note_hash(m, byte, k, h[m->kinds[k]]);
}

static void end_byte(Mixing *m, size_t b, Byte *byte, int c) {
    byte->symbol = c;
    if (m->points) observe_point(&m->text[b].pen, (uint32_t)c);
    observe(m, b, (uint32_t)c);
    follow(m, b, (uint32_t)c);
}

/* -- mixing: the probability of a bit -------------------------------------------------------------------------------- */

/* Exact while |x| < 2^11: 32 products fit 32 bits. */
static inline int64_t dot(const int16_t *restrict x, const int16_t *restrict w, size_t count) {
    int64_t sum = 0;
    for (; count >= 32; x += 32, w += 32, count -= 32) {
        int32_t part = 0;
        for (int n = 0; n < 32; n++) part += x[n] * w[n];
        sum += part;
    }
    if (count) {
        int32_t part = 0;
        for (int n = 0; n < 16; n++) part += x[n] * w[n];
        sum += part;
    }
    return sum;
}

/* Each weight moves by its input times the error, and stays within 16 bits. */
static inline void train(const int16_t *restrict x, int16_t *restrict w, size_t count, int16_t error) {
    for (size_t n = 0; n < count; n++) {
        int16_t step = (int16_t)((((int32_t)x[n] * (int32_t)error >> 14) + 1) >> 1);
        int32_t moved = w[n] + step;
        moved = moved < -32768 ? -32768 : moved;
        w[n] = (int16_t)(moved > 32767 ? 32767 : moved);
    }
}

/* The inputs of runs: where one goes on after the bits c0, what it says of its next bit. */
static void follow_runs(const int16_t *restrict bytes, const int16_t *restrict values, size_t count, int i, int c0,
                        int16_t *restrict x) {
    for (size_t n = 0; n < count; n++) {
        int16_t said = (int16_t)(bytes[n] >> (7 - i) & 1 ? values[n] : -values[n]);
        x[n] = bytes[n] >> (8 - i) == c0 ? said : 0;
    }
}

/* Lengths of matches in 32 buckets. */
static int bucket_of(int length) {
    if (length < 16) return length;
    if (length < 32) return 16 + (length - 16) / 4;
    if (length < 64) return 20 + (length - 32) / 8;
    return (int)least(31, (uint64_t)(24 + (length - 64) / 64));
}

/* Set the inputs of the match models. Returns the bucket of the longest match that still holds. */
static int inputs_of_matches(const Mixing *m, const Byte *byte, Bit *bit, int i, int c0, int16_t *x) {
    int longest = 0;
    for (int model = 0; model < MODELS; model++) {
        int guess = byte->guesses[model], row = -1, said = 0, sure = 0;
        if (guess >= 0 && (guess | 256) >> (8 - i) == c0) {
            int bucket = bucket_of((int)byte->lengths[model]);
            if (bucket > longest) longest = bucket;
            row = 2 * (model * MATCH_LENGTHS + bucket);
            int p = (int)(m->matches[row >> 1] >> 16);
            said = stretch_table[p >> 4], sure = (p - 32768) >> 6;
            if (!(guess >> (7 - i) & 1)) said = -said, sure = -sure, row++;
        }
        bit->match_rows[model] = row;
        x[2 * model] = (int16_t)said, x[2 * model + 1] = (int16_t)sure;
    }
    return longest;
}

/* The network's probability that bit i is 1. */
static int32_t opinion(const uint32_t *cumulative, int i, int c0) {
    int size = 256 >> i;
    const uint32_t *at = cumulative + (c0 << (8 - i)) - 256;
    uint64_t one = at[size] - at[size >> 1];
    return (int32_t)clamp((int64_t)((one << 16) / (at[size] - at[0])), 1, 65535);
}

/* Take the network's frequencies of all bytes as an opinion. */
static void take_table(const Mixing *m, size_t b, Byte *byte, const uint32_t *table) {
    uint32_t *cumulative = m->cumulative + b * 257, best = 0;
    cumulative[0] = 0;
    for (uint32_t symbol = 0; symbol < 256; symbol++) {
        cumulative[symbol + 1] = cumulative[symbol] + table[symbol];
        if (table[symbol] > table[best]) best = symbol;
    }
    byte->expected = best;
    byte->certainty = (uint32_t)least(15, table[best] >> 20);
    hash_network(m, byte);
}

/* Choose a row of weights of each set, and rows of the second layer. */
static void choose_rows(const Mixing *m, const Byte *byte, Bit *bit, int bit_number, int bits_before, int length,
                        int known, int history, int quantile, int network_hit) {
    const uint32_t *f = byte->facts;
    uint32_t i = (uint32_t)bit_number, c0 = (uint32_t)bits_before, longest = (uint32_t)length, surest = (uint32_t)known;
    uint32_t n0 = counts[2 * history], n1 = counts[2 * history + 1], hit = (uint32_t)network_hit;
    uint32_t seen = (uint32_t)least(7, n0 + n1) * 4 + (n0 == 0) + 2 * (n1 == 0);
    uint32_t chosen[MOST_SETS] = {
        c0,
        f[F_C1] * 8 + i,
        m->network ? ((uint32_t)quantile * 16 + byte->certainty) * 8 + i : f[F_C3] * 8 + i,
        (longest * 8 + i) * 4 + f[F_TAG],
        f[F_C2] * 8 + i,
        c0 + 256 * f[F_WORD] + 512 * hit,
        ((uint32_t)least(7, longest / 4) * 8 + surest) * 32 + hit * 8 + i,
        m->network ? (hit * 256 + byte->expected) * 4 + (uint32_t)least(3, i / 2) : f[F_RECORD] * 8 + i,
        f[F_MARK] * 8 + i,
        f[F_COLUMN] * 8 + i,
        (f[F_CLASSES] & 0xFFF) * 8 + i,
        f[F_OPEN] * 256 + f[F_FIRST],
        (seen * 16 + longest / 2) * 8 + i,
        f[F_CLASSES],
    };
    for (size_t t = 0; t < m->S; t++) {
        bit->rows[t] = m->set_rows[t] + chosen[t];
        for (size_t n = 0; n < m->inputs; n += 32) PREFETCH(m->weights + bit->rows[t] * m->inputs + n);
    }
    bit->final_rows[0] = c0 + 256 * hit;
    bit->final_rows[1] = 1024 + f[F_C1];
    bit->final_rows[2] = 1280 + longest * 8 + i;
    bit->final_rows[3] = 1536 + (surest * 4 + hit) * 8 + i;
}

/* Both layers of the mixer: the stretched probability, clamped. */
static int mix_bit(const Mixing *m, Bit *bit) {
    int64_t mixed = 0;
    for (size_t t = 0; t < m->S; t++) {
        int64_t d = dot(bit->x, m->weights + bit->rows[t] * m->inputs, m->inputs) >> 14;
        bit->dots[t] = (int32_t)clamp(d, -STRETCH_LIMIT, STRETCH_LIMIT);
        bit->set_p[t] = squash(bit->dots[t]);
    }
    for (int g = 0; g < FINALS; g++) {
        const int32_t *weights = m->finals + bit->final_rows[g] * FINAL_STRIDE;
        int64_t total = 0;
        for (size_t t = 0; t < m->S; t++) total += (int64_t)bit->dots[t] * weights[t];
        total = clamp(total >> 16, -STRETCH_LIMIT, STRETCH_LIMIT);
        bit->final_p[g] = squash(total);
        mixed += total;
    }
    return (int)(mixed >> 2);
}

/* The probability after the adaptive maps, which see the last byte, the last three, or the network. */
static uint32_t refine(const Mixing *m, const Byte *byte, Bit *bit, uint32_t c0, int mixed) {
    uint32_t position = (uint32_t)(mixed + 2048), low = position >> 7, c1 = byte->facts[F_C1];
    uint32_t third = join(join(c0, byte->expected * 16 + byte->certainty), c1) & 0xFFFF;
    int32_t w = position & 127, total = squash(mixed) * 256;
    bit->refined[0] = (c1 << 8 | c0) * BUCKETS + low;
    bit->refined[1] = (MAP_ROWS + (join(byte->facts[F_THREE], c0) & 0xFFFF)) * BUCKETS + low;
    bit->refined[2] = (2 * MAP_ROWS + third) * BUCKETS + low;
    bit->between = w;
    for (int g = 0; g < MAPS; g++) {
        const uint16_t *p = m->refinements + bit->refined[g];
        total += p[0] * (128 - w) + p[1] * w;
    }
    return (uint32_t)clamp(total / (128 * (2 + MAPS)), 1, 65535);
}

/* The probability, 1 to 65535, that bit i (0 is the highest) of a byte is 1; c0 holds the bits before it behind a 1. */
static uint32_t predict_bit(Mixing *m, size_t b, Byte *byte, Bit *bit, int i, int c0) {
    if (i == 0) find_upper(m, byte, b);
    if (i == 4) find_lower(m, byte, b, (uint32_t)c0);
    const uint8_t *histories = m->histories + b * m->K * 16 + node(i, c0);
    int surest = 0, history = 0, quantile = 8, hit = 0, said = 0, sure = 0;
    for (size_t k = 0; k < m->orders; k++)
        if (histories[16 * k]) surest = (int)k + 1, history = histories[16 * k];
    int16_t *x = bit->x + m->runs, *others = x + 2 * m->K;
    int longest = inputs_of_matches(m, byte, bit, i, c0, others + 2);
    if (m->network) {
        int32_t p = opinion(m->cumulative + b * 257, i, c0);
        said = stretch_table[p >> 4], sure = (p - 32768) >> 6;
        quantile = (int)clamp((quotient(said * 6, 5) >> 8) + 8, 0, 15);
        if ((byte->expected | 256) >> (8 - i) == (uint32_t)c0) hit = 1 + (int)(byte->expected >> (7 - i) & 1);
    }
    choose_rows(m, byte, bit, i, c0, longest, surest, history, quantile, hit);
    follow_runs(byte->run_bytes, i ? byte->run_later : byte->run_first, m->runs, i, c0, bit->x);
    for (size_t k = 0; k < m->K; k++) memcpy(x + 2 * k, m->map_inputs + 2 * (k << 8 | histories[16 * k]), 4);
    others[0] = stretch_table[m->order0[c0] >> 20];
    others[1] = stretch_table[m->order1[byte->facts[F_C1] << 8 | (uint32_t)c0] >> 20];
    others += 2 + 2 * MODELS;
    others[0] = 102; /* an input that is always there */
    others[1] = (int16_t)said, others[2] = (int16_t)sure;
    others += 3;
    for (size_t d = 0; d < m->D; d++) {
        uint32_t value = m->groups[b * m->D + d][node(i, c0)], counted = value & 1023;
        others[2 * d] = counted ? stretch_table[value >> 20] : 0;
        others[2 * d + 1] = (int16_t)(counted ? ((int)(value >> 16) - 32768) >> 6 : 0);
    }
    return refine(m, byte, bit, (uint32_t)c0, mix_bit(m, bit));
}

/* -- mixing: learning ------------------------------------------------------------------------------------------------ */

enum { MAP_LIMIT = 255, RUN_LIMIT = 1000, ORDER0_LIMIT = 1000, ORDER1_LIMIT = 400, MATCH_LIMIT = 1000 };
enum { DIRECT_LIMIT = 1000 };
enum { REFINEMENT_SHIFT = 6, FINAL_RATE = 1573, FINAL_LIMIT = 1 << 28, MOST_VISITS = 65535, SLOW = 1024 };
enum { LEAST_ERROR = 256 }; /* from smaller errors weights do not learn, which saves time */

/* An adaptive probability after bit y: a mean at first, then a decaying one. */
static uint32_t adapt(uint32_t value, int y, uint32_t limit) {
    int64_t p = value >> 10;
    uint32_t n = value & 1023;
    p += (((int64_t)y << 22) - p) * reciprocals[n] >> 16;
    return (uint32_t)p << 10 | (n + 1 < limit ? n + 1 : limit);
}

/* How far the byte c was what a run of `count` bytes, behind a 1 in `expected`, had expected. */
static void learn_run(Mixing *m, size_t k, int c, int expected, int count) {
    for (int i = 0; i < 8 && expected >> (8 - i) == (c | 256) >> (8 - i); i++) {
        size_t n = k * RUNS + 2 * least(31, (uint64_t)count) + (i == 0);
        m->runs_p[n] = adapt(m->runs_p[n], !((expected ^ c) >> (7 - i) & 1), RUN_LIMIT);
        m->run_stretch[n] = stretch_table[m->runs_p[n] >> 20];
    }
}

/* The direct probabilities of the d-th kind that has them learn the byte c in the context of hash x. */
static void learn_direct(Mixing *m, size_t d, int c, uint32_t x) {
    uint32_t *group = group_of(m, d, x);
    for (int i = 0, c0 = 1; i < 8; i++) {
        if (i == 4) group = group_of(m, d, join(x, (uint32_t)c0));
        int y = c >> (7 - i) & 1;
        group[node(i, c0)] = adapt(group[node(i, c0)], y, DIRECT_LIMIT);
        c0 = 2 * c0 + y;
    }
}

/* The slots, maps and runs of kind number k. Those of the next kind are on their way to the cache meanwhile. */
static void learn_kind(Mixing *m, size_t k, size_t count) {
    for (size_t n = 0; n < count && k + 1 < m->K; n++) {
        uint32_t x = m->bytes[n].hashes[k + 1];
        fetch(m, k + 1, x);
        fetch(m, k + 1, join(x, 16u | (uint32_t)m->bytes[n].symbol >> 4));
    }
    for (size_t n = 0; n < count; n++) {
        const Byte *byte = m->bytes + n;
        uint32_t x = byte->hashes[k];
        uint8_t *slot = claim(line_of(m, k, x), x);
        int c = byte->symbol, c0 = 1;
        if (slot[RUN_COUNT] && slot[RUN_BYTE] == c)
            slot[RUN_COUNT] += slot[RUN_COUNT] < 255;
        else
            slot[RUN_BYTE] = (uint8_t)c, slot[RUN_COUNT] = 1;
        for (int i = 0; i < 8; i++) {
            if (i == 4) {
                x = join(x, (uint32_t)c0);
                slot = claim(line_of(m, k, x), x);
            }
            int y = c >> (7 - i) & 1;
            uint8_t *history = slot + HISTORIES + node(i, c0);
            size_t map = k << 8 | *history;
            if (*history) {
                m->maps[map] = adapt(m->maps[map], y, MAP_LIMIT);
                set_map_inputs(m, map);
            }
            *history = following[2 * *history + y];
            c0 = 2 * c0 + y;
        }
        if (m->direct_numbers[k] >= 0) learn_direct(m, (size_t)m->direct_numbers[k], c, byte->hashes[k]);
        if (byte->run_counts[k]) learn_run(m, k, c, byte->run_bytes[k], byte->run_counts[k]);
    }
}

/* The weights of all sets. The rate of a row falls with its visits. */
static void learn_weights(Mixing *m, const Bit *bit, int y) {
    for (size_t t = 0; t < m->S; t++) {
        uint32_t row = bit->rows[t];
        int32_t seen = m->visits[row], rate = rates[seen < SLOW ? seen : SLOW + (seen - SLOW) / 64];
        m->visits[row] += seen < MOST_VISITS;
        int32_t error = (y << 16) - bit->set_p[t];
        if (error > -LEAST_ERROR && error < LEAST_ERROR) continue;
        error = (int32_t)clamp((int64_t)error * rate >> 13, -32767, 32767);
        train(bit->x, m->weights + row * m->inputs, m->inputs, (int16_t)error);
    }
}

/* The second layer, the last maps, the match models, the low orders. */
static void learn_rest(Mixing *m, const Byte *byte, const Bit *bit, int y, int c0) {
    for (int g = 0; g < FINALS; g++) {
        int32_t error = (y << 16) - bit->final_p[g], *weights = m->finals + bit->final_rows[g] * FINAL_STRIDE;
        for (size_t t = 0; t < m->S; t++) {
            int32_t step = (error * bit->dots[t] >> 10) * FINAL_RATE;
            weights[t] = (int32_t)clamp(weights[t] + ((step + (1 << 17)) >> 18), -FINAL_LIMIT, FINAL_LIMIT);
        }
    }
    for (int model = 0; model < MODELS; model++) {
        int row = bit->match_rows[model];
        if (row >= 0) m->matches[row >> 1] = adapt(m->matches[row >> 1], (row & 1) != y, MATCH_LIMIT);
    }
    uint32_t *order1 = m->order1 + (byte->facts[F_C1] << 8 | (uint32_t)c0);
    m->order0[c0] = adapt(m->order0[c0], y, ORDER0_LIMIT);
    *order1 = adapt(*order1, y, ORDER1_LIMIT);
    for (int g = 0; g < MAPS; g++) {
        uint16_t *p = m->refinements + bit->refined[g] + (bit->between >= 64);
        *p = (uint16_t)(*p + (((y << 16) - *p) >> REFINEMENT_SHIFT));
    }
}

/* Match tables and indirect contexts take in what stream b has read since the last time. */
static void learn_text(Mixing *m, size_t b) {
    const uint8_t *past = m->past + b * (m->mask + 1);
    for (; m->learnt[b] < m->text[b].position; m->learnt[b]++) {
        uint64_t position = m->learnt[b];
        uint32_t c = past[position & m->mask], three = 0;
        for (uint64_t j = 0; j < least(3, position); j++)
            three |= (uint32_t)past[(position - 1 - j) & m->mask] << (8 * j);
        uint32_t *i1 = m->indirect1 + (three & 0xFF), *i2 = m->indirect2 + (three & 0xFFFF);
        uint32_t *i3 = m->indirect3 + (join(three, 7) >> 12);
        *i1 = (*i1 << 8 | c) & 0xFFFFFF;
        *i2 = (*i2 << 8 | c) & 0xFFFF;
        *i3 = (*i3 << 8 | c) & 0xFFFF;
        for (uint32_t model = 0; model < MODELS; model++)
            if (position + 1 >= LEAST_MATCH[model])
                *match_entry(m, b, position + 1, model) = (uint32_t)((position + 1) * m->B + b + 1) & 0x7FFFFFFF;
    }
}

/* Learn from the first `count` bytes of a part. */
static void mixing_learn(Mixing *m, size_t count) {
    for (size_t k = 0; k < m->K; k++) learn_kind(m, k, count);
    for (size_t n = 0; n < count; n++)
        for (int i = 0; i < 8; i++) {
            const Bit *bit = m->bits + 8 * n + i;
            int c = m->bytes[n].symbol, y = c >> (7 - i) & 1;
            learn_weights(m, bit, y);
            learn_rest(m, m->bytes + n, bit, y, (c | 256) >> (8 - i));
        }
    for (size_t b = 0; b < m->B; b++) learn_text(m, b);
}

/* -- joined: a window of the file ------------------------------------------------------------------------------------ */

enum { BLOCK_SYMBOLS = 1 << 20 };

typedef struct {
    Config config;
    uint64_t length; /* of the text */
    size_t B, T, lane_count;
    Network *network; /* NULL if there is none */
    Mixing *mixing;
    uint8_t **text; /* (B): where the part of each stream begins */
    Coder *lanes;
    Coder **lane;    /* (B): that of each stream */
    uint32_t *words; /* of a block, lane after lane */
    Network own_network;
    Mixing own_mixing;
} Engine;

/* Words of the coder that a symbol, or the end of a lane, takes at most. */
enum { SYMBOL_WORDS = 5, END_WORDS = 2 };

static uint64_t block_symbols(const Config *config) {
    uint64_t window = config->is[STREAMS] * config->is[WINDOW];
    return window * most(1, BLOCK_SYMBOLS / window);
}

/* Words of a block at most. */
static uint64_t most_words(const Config *config) {
    return plus(times(SYMBOL_WORDS, block_symbols(config)), END_WORDS * config->is[LANES]);
}

/* Bytes of a block at most. */
static uint64_t most_block(const Config *config) {
    return plus(times(4, most_words(config)), times(config->is[LANES], LONGEST_VARINT) + 4);
}

static void engine_allocate(Engine *e, const Config *config, uint64_t length) {
    uint64_t window = config->is[STREAMS] * config->is[WINDOW];
    memset(e, 0, sizeof *e);
    e->config = *config;
    e->length = length;
    e->B = (size_t)config->is[STREAMS], e->T = (size_t)config->is[WINDOW], e->lane_count = (size_t)config->is[LANES];
    e->text = ARRAY(uint8_t *, config->is[STREAMS], 1);
    e->lanes = ARRAY(Coder, config->is[LANES], 1);
    e->lane = ARRAY(Coder *, config->is[STREAMS], 1);
    e->words = ARRAY(uint32_t, most_words(config), 1);
    if (config->is[LAYERS]) network_allocate(e->network = &e->own_network, config, pieces(length, window));
    if (config->is[MIXING]) mixing_allocate(e->mixing = &e->own_mixing, config);
}

/* Tell each stream its part of the text, and its lane. */
static void assign_streams(Engine *e, uint8_t *text, int decoding) {
    for (size_t n = 0, b = 0; n < e->lane_count; n++) {
        Coder *lane = e->lanes + n;
        lane->decoding = decoding;
        lane->words = e->words + SYMBOL_WORDS * (size_t)(block_symbols(&e->config) / e->B) * b + END_WORDS * n;
        begin_coding(lane);
        for (; b < (n + 1) * e->B / e->lane_count; b++) {
            e->lane[b] = lane;
            e->text[b] = text + b * (e->length / e->B) + least(b, e->length % e->B);
        }
    }
}

/* The byte of a stream, bit by bit; when encoding it is c. */
static int code_byte(Mixing *m, Coder *coder, size_t b, size_t n, int c) {
    int c0 = 1;
    for (int i = 0; i < 8; i++) {
        if (coder->decoding && i == 4) fetch_lower(m, m->bytes + n, (uint32_t)c0);
        uint32_t one = predict_bit(m, b, m->bytes + n, m->bits + 8 * n + i, i, c0);
        c0 = 2 * c0 + code_bit(coder, c >> (7 - i) & 1, one);
    }
    return c0 & 255;
}

/* With mixing: a window is coded in parts of `frozen` steps, in which the mixing stage learns nothing. An encoder, which
 * knows the bytes, has the next step fetched while it codes this one. */
static void code_mixed_window(Engine *e, uint64_t step, size_t steps, uint64_t count, int decoding) {
    Mixing *m = e->mixing;
    Network *w = e->network;
    size_t B = e->B;
    for (size_t first = 0, last; first < steps; first = last) {
        last = (size_t)least(steps, first + m->frozen);
        for (size_t t = first; t < last; t++) {
            size_t active = (size_t)least(B, count - t * B);
            for (size_t b = 0; b < active && (decoding || t == first); b++)
                begin_byte(m, b, m->bytes + (t - first) * B + b);
            if (w) network_predict(w, active, t);
            for (size_t b = 0; b < active; b++) {
                size_t n = (t - first) * B + b;
                uint8_t *symbol = e->text[b] + step + t;
                if (!decoding) {
                    end_byte(m, b, m->bytes + n, *symbol);
                    if (t + 1 < last && (t + 1) * B + b < count) begin_byte(m, b, m->bytes + n + B);
                }
                if (w) take_table(m, b, m->bytes + n, w->table + (b * e->T + t) * 256);
                if (!decoding) fetch_lower(m, m->bytes + n, 16u | *symbol >> 4);
                *symbol = (uint8_t)code_byte(m, e->lane[b], b, n, *symbol);
                if (decoding) end_byte(m, b, m->bytes + n, *symbol);
                if (w) network_observe(w, b, t, *symbol);
            }
        }
        mixing_learn(m, (size_t)(least(last * B, count) - first * B));
    }
}

/* Without it. From `step` on, code so many steps, of whose symbols, step by step, the first `count` are there. */
static void code_window(Engine *e, uint64_t step, size_t steps, uint64_t count) {
    Network *w = e->network;
    for (size_t t = 0; t < steps; t++) {
        size_t active = (size_t)least(e->B, count - t * e->B);
        network_predict(w, active, t);
        for (size_t b = 0; b < active; b++) {
            uint8_t *symbol = e->text[b] + step + t;
            *symbol = (uint8_t)code_symbol(e->lane[b], w->table + (b * e->T + t) * 256, *symbol);
            network_observe(w, b, t, *symbol);
        }
    }
}

/* -- joined: the whole file ------------------------------------------------------------------------------------------ */

static const char BLOCK[] = "a block";

/* A block: what the lanes have written, or are to read. */
static void code_block(Buffer *f, Engine *e) {
    Coder *const end = e->lanes + e->lane_count;
    uint32_t *words = e->words;
    uint64_t total = 0;
    for (Coder *c = e->lanes; c < end; c++) {
        if (f->writing) end_encoding(c);
        uint64_t size = c->count;
        code_varint(f, &size, BLOCK);
        if ((total = plus(total, size)) > most_words(&e->config))
            fail(FAILED, "%s: a block has an impossible size", f->name);
        if (!f->writing) c->words = words, words += c->room = (size_t)size;
    }
    for (Coder *c = e->lanes; c < end; c++) {
        for (size_t n = 0; n < (f->writing ? c->count : c->room); n++) {
            uint64_t word = c->words[n];
            code_number(f, &word, 4, BLOCK);
            c->words[n] = (uint32_t)word;
        }
        begin_coding(c);
    }
    code_crc(f, BLOCK);
}

/* Read all blocks of f, and check all of them that can be checked without decoding. */
static void verify_blocks(Buffer f, Engine *e) {
    uint64_t symbols = block_symbols(&e->config);
    for (uint64_t done = 0; done < e->length; done += least(symbols, e->length - done)) code_block(&f, e);
    check_end(&f, "the last block");
}

static void check_decoders(const Engine *e, int end, const char *name) {
    for (size_t n = 0; n < e->lane_count; n++)
        if (!e->lanes[n].range || (end && !may_end(e->lanes + n)))
            fail(MISMATCH, "%s: the payload does not decode: this machine computes other numbers", name);
}

/* Code all windows; encoding ends where the blocks have become longer than `most`. */
static void code_file(Engine *e, Buffer *f, uint64_t most_bytes) {
    uint64_t symbols = block_symbols(&e->config), window = e->B * e->T, steps = pieces(e->length, e->B);
    for (uint64_t step = 0; step < steps && f->at < most_bytes; step += e->T) {
        uint64_t first = step * e->B, count = least(window, e->length - first);
        int last = steps - step <= e->T, block_ends = last || (first + window) % symbols == 0;
        if (!f->writing && first % symbols == 0) code_block(f, e);
        if (e->mixing)
            code_mixed_window(e, step, (size_t)least(steps - step, e->T), count, !f->writing);
        else
            code_window(e, step, (size_t)least(steps - step, e->T), count);
        if (!f->writing) check_decoders(e, block_ends, f->name);
        if (f->writing && block_ends) code_block(f, e);
        if (e->network && !last) network_learn(e->network);
    }
}

static void digest_of(const void *data, uint64_t size, uint8_t digest[DIGEST]) {
    Hash hash;
    hash_begin(&hash);
    hash_add(&hash, data, (size_t)size);
    hash_end(&hash, digest);
}

/* -- strokes --------------------------------------------------------------------------------------------------------- */

/* Behind the records of packed strokes stands how their points are written, and the rest of the original, in which a
 * mark stands for each run of points. Numbers are integers on grids: those of a column and a drawing. */
enum { MOST_STROKES = 1 << 26, MOST_DECIMALS = 18 };
#define MOST_VALUE ((uint64_t)1 << 62)
static const char ITS_STROKES[] = "its strokes";

typedef struct {
    Buffer behind; /* the text behind each number */
    uint64_t significant, least, rising;
} Column;

typedef struct {
    uint64_t decimals, step, start;
} Grid;

typedef struct {
    Buffer *packed, drawings, far; /* what is not taken yet */
    const uint8_t *record, *end;
    int k;
    Column columns[MOST_COLUMNS];
    uint64_t mark, sets;
    Grid *grids, *grid; /* (sets, k); (k), that of the drawing, NULL before the first */
    int64_t point[MOST_COLUMNS];
    uint64_t far_away; /* the sizes of all differences so far */
} Strokes;

static NORETURN void unsound(const Buffer *packed, const char *what) {
    fail(FAILED, "%s: damaged: no file can be made of %s", packed->name, what);
}

static uint64_t take_within(Buffer *packed, uint64_t low, uint64_t high) {
    uint64_t number = take_varint(packed, ITS_STROKES);
    if (number < low || number > high) unsound(packed, ITS_STROKES);
    return number;
}

static Buffer take_sized(Buffer *packed) { return take_part(packed, take_within(packed, 0, MOST_STROKES), ITS_STROKES); }

/* Take all but the rest. */
static void take_description(Strokes *s) {
    Buffer *packed = s->packed;
    uint64_t k = take_number(packed, 1, ITS_STROKES), records = k * (take_number(packed, 5, ITS_STROKES) >> 8);
    if (k < 2 || k > MOST_COLUMNS) unsound(packed, ITS_STROKES);
    s->k = (int)k;
    s->record = next_bytes(packed, records, ITS_STROKES), s->end = s->record + records;
    for (Column *c = s->columns; c < s->columns + k; c++) {
        c->behind = take_sized(packed);
        c->significant = take_within(packed, 0, MOST_DECIMALS), c->least = take_within(packed, 0, MOST_DECIMALS);
        c->rising = take_within(packed, 0, 1);
    }
    s->mark = take_within(packed, 0, 255), s->sets = take_within(packed, 0, packed->size / (3 * k));
    s->grids = ARRAY(Grid, s->sets, k);
    check_memory();
    for (Grid *g = s->grids; g < s->grids + s->sets * k; g++) {
        g->decimals = take_within(packed, 0, MOST_DECIMALS), g->step = take_within(packed, 1, INT64_MAX);
        g->start = take_within(packed, 0, MOST_VALUE - 1);
    }
    s->drawings = take_sized(packed), s->far = take_sized(packed);
}

/* Write a number: rounded to its significant digits, if they are told, halves away from 0; without zeros at the end of
 * the decimals, but with `least` of these. */
static void put_number(Strokes *s, int n, Buffer *out) {
    const Column *column = s->columns + n;
    const Grid *grid = s->grid + n;
    uint64_t size = (uint64_t)llabs(s->point[n]), digits = 0, place = 1, unit = 1;
    if (plus(times(size, grid->step), grid->start) >= MOST_VALUE) unsound(s->packed, ITS_STROKES);
    int64_t value = s->point[n] * (int64_t)grid->step + (int64_t)grid->start;
    size = (uint64_t)llabs(value);
    for (uint64_t power = 1; size >= power; power *= 10)
        if (++digits > column->significant && column->significant) place *= 10;
    size = (size + place / 2) / place * place;
    for (uint64_t k = 0; k < grid->decimals; k++) unit *= 10;
    char text[64];
    int dot = sprintf(text, "%s%" PRIu64, value < 0 && size ? "-" : "", size / unit);
    int end = dot + sprintf(text + dot, ".%0*" PRIu64, (int)grid->decimals, size % unit);
    while (text[end - 1] == '0') end--;
    while (end <= dot + (int)column->least) text[end++] = '0';
    code_bytes(out, text, (uint64_t)(end - (text[end - 1] == '.')), ITS_STROKES);
}

/* Take a point: the last number first, then the others. */
static void take_point(Strokes *s) {
    for (int n = 0; n < s->k; n++) {
        int c = (n + s->k - 1) % s->k;
        uint64_t d = s->record[n], rising = s->columns[c].rising;
        if (d == FURTHEST)
            d = take_varint(&s->far, ITS_STROKES);
        else if (d >= NEAR)
            d = NEAR + 256 * (d - NEAR) + take_number(&s->far, 1, ITS_STROKES);
        s->far_away = plus(s->far_away, rising ? d : d / 2 + d % 2);
        if (s->far_away >= MOST_VALUE) unsound(s->packed, ITS_STROKES);
        s->point[c] += rising ? (int64_t)d : signed_((int64_t)d);
    }
    s->record += s->k;
}

/* Whether a point is next. */
static int is_point(const Strokes *s) { return s->record < s->end && *s->record != LIFT; }

/* Write a run where a mark stands; one without points is the mark itself. */
static void put_run(Strokes *s, Buffer *out) {
    if (s->record == s->end || *s->record != LIFT) unsound(s->packed, ITS_STROKES);
    if (s->record[1] == BEGINS) {
        uint64_t number = take_varint(&s->drawings, ITS_STROKES);
        if (number >= s->sets) unsound(s->packed, ITS_STROKES);
        s->grid = s->grids + number * (uint64_t)s->k;
        memset(s->point, 0, sizeof s->point);
    }
    if (!s->grid) unsound(s->packed, ITS_STROKES);
    s->record += s->k;
    if (!is_point(s)) code_number(out, &s->mark, 1, ITS_STROKES);
    for (int point = 0; is_point(s); point++) {
        take_point(s);
        for (int c = 0; c < s->k; c++) {
            const Buffer *before = &s->columns[(c + s->k - 1) % s->k].behind;
            if (c || point) code_bytes(out, before->data, before->size, ITS_STROKES);
            put_number(s, c, out);
        }
    }
}

/* Write the original of packed strokes. */
static void unpack_strokes(Buffer *packed, Buffer *out) {
    Strokes s = {.packed = packed};
    take_description(&s);
    while (packed->at < packed->size) {
        uint64_t byte = take_number(packed, 1, ITS_STROKES);
        if (byte == s.mark)
            put_run(&s, out);
        else
            code_number(out, &byte, 1, ITS_STROKES);
    }
    if (!s.grid || s.record != s.end) unsound(packed, ITS_STROKES);
}

/* -- words ----------------------------------------------------------------------------------------------------------- */

/* A packed text begins with the number of codes of one byte and a list of words. Behind it stand items: codes of words,
 * marks that make letters large or tell that a byte is itself, and bytes that are themselves. */
enum { FIRST_CODE = 128, CODES = 128, MOST_CODES = CODES * CODES, MOST_LIST = 1 << 20 };
enum { LITERAL = 6, CAPITAL = 64, CAPITALS = 94 };
static const char ITS_WORDS[] = "its words";

typedef struct {
    Buffer *packed;
    int ones, count;
    const uint8_t *word[MOST_CODES + 1]; /* each ends with a byte that is no letter */
} Words;

static int next_byte(Words *w) { return (int)take_number(w->packed, 1, ITS_WORDS); }

static int is_small(int c) { return 'a' <= c && c <= 'z'; }

static void put_letter(Buffer *out, int c) {
    uint64_t letter = (uint64_t)c;
    code_number(out, &letter, 1, ITS_WORDS);
}

static void take_words(Words *w) {
    w->ones = next_byte(w);
    for (int c = ' ', before; c != '\n'; c = before) {
        const uint64_t start = w->packed->at;
        w->word[w->count] = w->packed->data + start;
        while (is_small(before = next_byte(w))) continue;
        if (w->packed->at - 1 > start)
            w->count++;
        else if (before != '\n' || w->count)
            unsound(w->packed, ITS_WORDS);
        if ((before != ' ' && before != '\n') || w->packed->at > MOST_LIST + 1 || w->count > MOST_CODES)
            unsound(w->packed, ITS_WORDS);
    }
    if (w->ones > CODES || w->count > w->ones + CODES * (CODES - w->ones)) unsound(w->packed, ITS_WORDS);
}

/* The word of the code that begins with the byte c. */
static const uint8_t *take_code(Words *w, int c) {
    int n = c - FIRST_CODE;
    if (n >= w->ones) {
        int second = next_byte(w) - FIRST_CODE;
        n = second < 0 ? w->count : w->ones + (n - w->ones) * CODES + second;
    }
    if (n >= w->count) unsound(w->packed, ITS_WORDS);
    return w->word[n];
}

static void put_item(Words *w, Buffer *out) {
    int mark = next_byte(w), marked = mark == LITERAL || mark == CAPITAL || mark == CAPITALS;
    int c = marked ? next_byte(w) : mark;
    if (mark != LITERAL && c >= FIRST_CODE) {
        const uint8_t *word = take_code(w, c);
        for (const uint8_t *letter = word; is_small(*letter); letter++)
            put_letter(out, *letter - 32 * (mark == CAPITALS || (mark == CAPITAL && letter == word)));
    } else if (mark == CAPITAL && is_small(c))
        put_letter(out, c - 32);
    else if (!marked || (mark == LITERAL && (c >= FIRST_CODE || c == LITERAL || c == CAPITAL || c == CAPITALS)))
        put_letter(out, c);
    else
        unsound(w->packed, ITS_WORDS);
}

/* Write the original of a packed text. */
static void unpack_words(Buffer *packed, Buffer *out) {
    Words w = {.packed = packed};
    take_words(&w);
    while (packed->at < packed->size) put_item(&w, out);
}

/* -- trained models -------------------------------------------------------------------------------------------------- */

/* A model is a file of safetensors: the size of its head, the head, which is JSON, then the arrays. What the head says of
 * the model is one string in it, itself JSON; in it all quotes are escaped, so the two levels cannot be confused. All of
 * it is as our programs write it, without spaces: a head that is not, is refused, for then its hash differs. */

enum { MOST_ARRAYS = 1100, LONGEST_NAME = 48 };

/* An array of a model, of one or two dimensions, or none. */
typedef struct {
    char name[LONGEST_NAME];
    const char *kind; /* as numpy calls it */
    int dimensions, size; /* size: of a number, in bytes */
    uint64_t rows, width;
    uint8_t *data;
} Array;

typedef struct {
    Buffer file; /* at the arrays */
    Config config;
    uint8_t digest[DIGEST];
    char *text; /* the head */
    Array *arrays;
    int count;
} Trained;

static NORETURN void damaged_model(const Trained *model) {
    fail(FAILED, "%s: is no sound model of rnncompress", model->file.name);
}

/* The text behind `key`, which is to be found in `text`. */
static const char *behind(const Trained *model, const char *text, const char *key) {
    const char *found = strstr(text, key);
    if (!found) damaged_model(model);
    return found + strlen(key);
}

/* The number in `text`; it goes on behind it. */
static uint64_t get_number(const char **text) {
    char *end = NULL;
    uint64_t number = **text >= '0' && **text <= '9' ? strtoull(*text, &end, 10) : UINT64_MAX;
    if (end) *text = end;
    return number;
}

/* Read the parts of the configuration: "walk":{"lanes":1,...},... */
static void read_model_config(Trained *model) {
    const char *at = behind(model, model->text, "\\\"config\\\":{"), *end;
    do {
        int part = 0;
        char key[LONGEST_NAME];
        while (part < PARTS && strncmp(at + 2, PART[part].name, strlen(PART[part].name))) part++;
        if (part == PARTS) fail(CANNOT_HERE, "%s: this model needs a newer program", model->file.name);
        end = behind(model, at, "}");
        for (int n = PART[part].first; n < PART[part].end; n++) {
            sprintf(key, "\\\"%s\\\":", FIELD[n].name);
            const char *value = behind(model, strchr(at, '{') ? strchr(at, '{') : at, key);
            if (value >= end) damaged_model(model);
            model->config.is[n] = n == CELL ? value[2] == 'r' : get_number(&value);
        }
        at = end + 1;
    } while (*end == ',');
    if (wrong_with(&model->config)) damaged_model(model);
    default_absent(&model->config);
}

/* Read a model up to its arrays. */
static Trained read_model(const char *name) {
    Trained model = {.file = read_file(name), .arrays = ARRAY(Array, MOST_ARRAYS, 1)};
    Buffer *file = &model.file;
    uint64_t head = file->size < 8 ? 0 : take_number(file, 8, "the model");
    if (!head || head > file->size - 8) damaged_model(&model);
    model.text = ARRAY(char, head + 1, 1);
    check_memory();
    code_bytes(file, model.text, head, "the model");
    const char *version = behind(&model, model.text, "\\\"version\\\":");
    if (get_number(&version) != 1) fail(CANNOT_HERE, "%s: this format of models needs a newer program", name);
    behind(&model, model.text, "\\\"kind\\\":\\\"bytes\\\""); /* the symbols of others are no bytes */
    read_model_config(&model);
    return model;
}

/* Copy some numbers, little-endian in the file, and look whether they are between two, if these are not equal. */
static void copy_numbers(const Trained *model, const Array *array, char *to, const uint8_t *from, uint64_t count,
                         double low, double high) {
    for (; count--; from += array->size, to += array->size) {
        uint64_t value = little_endian(from, array->size);
        uint16_t half = (uint16_t)value;
        uint32_t word = (uint32_t)value;
        float real;
        memcpy(&real, &word, sizeof real);
        double number = *array->kind == 'f' ? real : array->size == 8 ? (double)(int64_t)value : (double)(int32_t)word;
        if (low < high && !(number >= low && number <= high)) damaged_model(model);
        if (array->size == 1) *to = (char)value;
        if (array->size == 2) memcpy(to, &half, 2);
        if (array->size == 4) memcpy(to, &word, 4);
        if (array->size == 8) memcpy(to, &value, 8);
    }
}

/* Find an array in the head, check its shape, and copy its numbers, if they go anywhere. */
static Array *add(Trained *model, const char *kind, int dimensions, uint64_t rows, uint64_t width, void *to,
                  const char *name, int number, double low, double high) {
    Array *array = model->arrays + model->count++;
    char key[LONGEST_NAME + 40];
    uint64_t shape[2] = {1, 1};
    *array = (Array){"", kind, dimensions, kind[1] - '0', rows, width, NULL};
    sprintf(array->name, name, number);
    sprintf(key, "\"%s\":{\"dtype\":\"%c%d\",\"shape\":[", array->name, *kind - 'a' + 'A', 8 * array->size);
    const char *at = behind(model, model->text, key);
    for (int n = 0; n < dimensions; n++, at += *at == ',') shape[n] = get_number(&at);
    if (rows == UINT64_MAX) array->rows = shape[0];
    if (shape[0] != array->rows || shape[1] != width || *at != ']') damaged_model(model);
    at = behind(model, at, "\"data_offsets\":[");
    uint64_t start = get_number(&at), end = (at += *at == ',', get_number(&at));
    if (start > end || end > model->file.size - model->file.at ||
        end - start != times(times(array->rows, width), (uint64_t)array->size))
        damaged_model(model);
    array->data = model->file.data + model->file.at + start;
    if (to) copy_numbers(model, array, to, array->data, array->rows * width, low, high);
    return array;
}

/* A table, of which the model has the numbers of the rows that are not as at the start, and these rows. */
static void add_table(Trained *model, const char *kind, int dimensions, uint64_t rows, uint64_t width, void *to,
                      const char *name, const char *separator, double low, double high) {
    char part[LONGEST_NAME];
    sprintf(part, "%s%srows", name, separator);
    const Array *numbers = add(model, "i8", 1, UINT64_MAX, 1, NULL, part, 0, 0, 0);
    sprintf(part, "%s%svalues", name, separator);
    const Array *array = add(model, kind, dimensions, numbers->rows, width, NULL, part, 0, 0, 0);
    uint64_t row_size = width * (uint64_t)array->size, next = 0;
    for (uint64_t n = 0; n < numbers->rows; n++) {
        uint64_t row = little_endian(numbers->data + 8 * n, 8);
        if (row < next || row >= rows) damaged_model(model);
        copy_numbers(model, array, (char *)to + row * row_size, array->data + n * row_size, width, low, high);
        next = row + 1;
    }
}

static void add_network(Trained *model, Network *w) {
    double limit = WEIGHT_LIMIT, moment = 34359738368.0; /* 2^35 */
    uint64_t rows = (uint64_t)w->K << w->config.is[CONTEXT_BITS];
    add(model, "i8", 0, 1, 1, &w->updates, "updates", 0, 0, 4611686018427387904.0);
    add(model, "f4", 1, 256, 1, w->bias, "bias", 0, -limit, limit);
    add(model, "f4", 1, 256, 1, w->bias_moment, "bias_moment", 0, 0, moment);
    add(model, "i4", 1, w->E, 1, w->seen, "seen", 0, 0, MOST_USES);
    for (int n = 0; n <= (int)w->L; n++) {
        const Layer *l = w->layers + n;
        add(model, "f4", 2, l->rows, l->columns, l->matrix, "matrices.%d", n, -limit, limit);
        add(model, "f4", 2, l->rows, l->columns, l->matrix_moment, "matrix_moments.%d", n, 0, moment);
        if (n == (int)w->L) break;
        add(model, "f4", 2, w->E, w->N, l->embedding, "embeddings.%d", n, -limit, limit);
        add(model, "f4", 2, w->E, w->N, l->embedding_moment, "embedding_moments.%d", n, 0, moment);
    }
    add_table(model, "i4", 2, rows, 16, w->rows, "context", "_", 0, 0);
    for (uint64_t n = 0; n < rows * ENTRIES; n++) {
        const Row *row = w->rows + n / ENTRIES;
        int32_t symbol = row->symbols[n % ENTRIES], weight = row->weights[n % ENTRIES];
        if (symbol < 0 || symbol > 255 || weight < -MOST_WEIGHT || weight > MOST_WEIGHT || row->uses < 0 ||
            row->uses > MOST_USES)
            damaged_model(model);
    }
}

static void add_mixing(Trained *model, Mixing *m) {
    static const char DOT[] = ".";
    uint64_t rows = m->set_rows[m->S];
    add(model, "u4", 2, m->K, 256, m->maps, "mixing.maps", 0, 0, 0);
    add(model, "u4", 2, m->K, RUNS, m->runs_p, "mixing.runs", 0, 0, 0);
    add(model, "u4", 2, MODELS, MATCH_LENGTHS, m->matches, "mixing.matches", 0, 0, 0);
    add(model, "u4", 1, 256, 1, m->order0, "mixing.order0", 0, 0, 0);
    add(model, "u4", 1, 256, 1, m->indirect1, "mixing.indirect1", 0, 0, 0);
    add(model, "i4", 2, FINAL_ROWS, FINAL_STRIDE, m->finals, "mixing.finals", 0, -FINAL_LIMIT, FINAL_LIMIT);
    add_table(model, "u1", 2, (uint64_t)m->K << m->line_bits, LINE_BYTES, m->slots, "mixing.slots", DOT, 0, 0);
    if (m->D)
        add_table(model, "u4", 2, (uint64_t)m->D << m->line_bits, GROUP, m->direct, "mixing.direct", DOT, 0, 0);
    add_table(model, "i2", 2, rows, m->inputs, m->weights, "mixing.weights", DOT, 0, 0);
    add_table(model, "i4", 1, rows, 1, m->visits, "mixing.visits", DOT, 0, MOST_VISITS);
    add_table(model, "u2", 2, MAPS * MAP_ROWS, BUCKETS, m->refinements, "mixing.refinements", DOT, 0, 0);
    add_table(model, "u4", 1, 65536, 1, m->order1, "mixing.order1", DOT, 0, 0);
    add_table(model, "u4", 1, 65536, 1, m->indirect2, "mixing.indirect2", DOT, 0, 0);
    add_table(model, "u4", 1, 1 << 20, 1, m->indirect3, "mixing.indirect3", DOT, 0, 0);
}

static int by_name(const void *a, const void *b) { return strcmp(((const Array *)a)->name, ((const Array *)b)->name); }

/* Have an engine know what the model does, and compute the hash that names it: of configuration, vocabulary, arrays. */
static void load(Trained *model, Engine *e) {
    static const char VOCABULARY[] = "{\"entries\":[],\"kind\":\"bytes\"}";
    char text[LONGEST_NAME + 60], shape[LONGEST_NAME];
    uint8_t parts[LONGEST_BODY];
    Buffer config = {.data = parts, .size = sizeof parts, .writing = 1};
    Hash hash;
    if (e->network) add_network(model, e->network);
    if (e->mixing) add_mixing(model, e->mixing);
    for (int part = 0; part < PARTS; part++)
        if (has_part(&model->config, part)) code_part(&config, &model->config, part, 1u << LANES);
    hash_begin(&hash);
    hash_add(&hash, parts, (size_t)config.at);
    hash_add(&hash, VOCABULARY, sizeof VOCABULARY); /* and the 0 behind it */
    qsort(model->arrays, (size_t)model->count, sizeof *model->arrays, by_name);
    for (const Array *a = model->arrays; a < model->arrays + model->count; a++) {
        const char *const shapes[] = {"", "%" PRIu64, "%" PRIu64 ", %" PRIu64};
        sprintf(shape, shapes[a->dimensions], a->rows, a->width);
        hash_add(&hash, text, (size_t)sprintf(text, "%s %s [%s]", a->name, a->kind, shape) + 1);
        hash_add(&hash, a->data, (size_t)(a->rows * a->width * (uint64_t)a->size));
    }
    hash_end(&hash, model->digest);
    strcpy(text, "\\\"digest\\\":\\\"");
    for (int n = 0; n < DIGEST; n++) sprintf(text + strlen(text), "%02x", model->digest[n]);
    behind(model, model->text, text);
}

/* The configuration with which a file uses a model, by what its header tells. */
static Config used_config(const Config *model, const Header *header) {
    const uint64_t *told = header->config.is;
    Config config = *model;
    uint64_t longest = pieces(coded(header), told[STREAMS]), bits = 0;
    while (longest > 1 && (longest - 1) >> bits) bits++;
    config.is[RATE_FIRST] = config.is[RATE_LAST] = most(model->is[RATE_LAST], 500);
    config.is[PAST_BITS] = least(model->is[PAST_BITS], most(FIELD[PAST_BITS].least, bits));
    config.is[STROKES] = told[STROKES];
    for (int n = 0; n < header->uses; n++)
        if (told[USE[n]] || USE[n] != FROZEN) config.is[USE[n]] = told[USE[n]];
    default_absent(&config);
    return config;
}

/* -- encoding and decoding ----------------------------------------------------------------------------------------- */

typedef struct {
    const char *source, *target, *model, *packed;
    int form; /* of the file `packed`: WORDS or STROKES */
    int overwrite;
    int told[FIELDS]; /* which fields of `config` the command line gives */
    Config config;
} Options;

static FILE *open_target(const Options *options, const char *name) {
    FILE *there = options->overwrite ? NULL : fopen(name, "rb");
    if (there) fail(FAILED, "%s exists; -f overwrites it", name);
    FILE *file = fopen(name, "wb");
    if (!file) fail(FAILED, "%s cannot be written", name);
    unfinished = name;
    return file;
}

static void close_target(FILE *file, const Buffer *content, uint64_t size) {
    if (fwrite(content->data, 1, (size_t)size, file) != size || fclose(file)) fail(FAILED, "%s: cannot write", unfinished);
    unfinished = NULL;
}

/* Make an engine that has learnt nothing yet, or what a model knows. */
static void prepare(Engine *e, const Config *config, const Buffer *text, int decoding, Trained *model) {
    engine_allocate(e, config, text->size);
    check_memory();
    assign_streams(e, text->data, decoding);
    if (e->network && !model) network_start(e->network);
    if (e->mixing) mixing_start(e->mixing);
    if (model) load(model, e);
    if (e->network) network_ready(e->network);
    if (e->mixing) mixing_ready(e->mixing);
}

static void check_digest(const Buffer *original, const Header *header, int code) {
    uint8_t digest[DIGEST];
    digest_of(original->data, original->size, digest);
    if (memcmp(digest, header->digest, DIGEST)) fail(code, "%s: what it holds is not what was encoded", original->name);
}

/* Whether so many packed bytes can be an original of this length. */
static void check_packed(const Header *header, const char *name) {
    const uint64_t *is = header->config.is, length = header->length;
    if ((is[STROKES] && (is[STROKES] > length || length > MOST_STROKES)) || is[WORDS] > plus(times(2, length), MOST_LIST))
        fail(FAILED, "%s: so many packed bytes are not those of a file of %" PRIu64, name, length);
}

/* Write the original of packed bytes, all of which `out` has room for. */
static void unpack(const Config *config, Buffer packed, Buffer *out) {
    if (config->is[WORDS])
        unpack_words(&packed, out);
    else
        unpack_strokes(&packed, out);
    if (out->at != out->size) unsound(&packed, config->is[WORDS] ? ITS_WORDS : ITS_STROKES);
}

static NORETURN void needs_model(const char *name, const Header *header) {
    const uint8_t *t = header->trained;
    fail(CANNOT_HERE, "%s needs the trained model %02x%02x%02x%02x%02x%02x, which -m gives", name, t[0], t[1], t[2], t[3],
         t[4], t[5]);
}

static void decode(const Options *options) {
    Buffer source = read_file(options->source), text, out;
    Header header = {0};
    Engine engine;
    code_header(&source, &header);
    const int stored = header.mode == STORED, trained = header.mode == TRAINED;
    const int is_packed = header.config.is[WORDS] || header.config.is[STROKES];
    if (stored) {
        text = out = take_part(&source, header.length, "the stored bytes");
        check_end(&source, "the stored bytes");
        check_digest(&out, &header, FAILED);
    } else {
        Trained model;
        if (trained && !options->model) needs_model(source.name, &header);
        if (trained) model = read_model(options->model);
        const Config config = trained ? used_config(&model.config, &header) : header.config;
        check_packed(&header, source.name);
        text = new_buffer(source.name, coded(&header), 0);
        out = is_packed ? new_buffer(source.name, header.length, 1) : text;
        prepare(&engine, &config, &text, 1, trained ? &model : NULL);
        if (trained && memcmp(model.digest, header.trained, MODEL_HASH)) needs_model(source.name, &header);
        verify_blocks(source, &engine);
    }
    FILE *target = open_target(options, options->target);
    if (!stored) code_file(&engine, &source, UINT64_MAX);
    if (is_packed) unpack(&header.config, text, &out);
    check_digest(&out, &header, MISMATCH);
    close_target(target, &out, out.size);
    if (is_packed && options->packed) close_target(open_target(options, options->packed), &text, text.size);
}

/* Set how `header` uses a model: as the command line tells, else as the model was trained. Learning is told if it is
 * unusual. */
static void choose_use(const Options *options, Header *header, const Config *model) {
    for (int n = 0; n < WALK; n++)
        if (!options->told[USE[n]]) header->config.is[USE[n]] = model->is[USE[n]];
    header->uses = WALK;
    const Config usual = used_config(model, header);
    for (int n = WALK; n < USES; n++)
        if (!options->told[USE[n]]) header->config.is[USE[n]] = usual.is[USE[n]];
    header->uses = USES;
    header->config = used_config(model, header);
    if (!memcmp(&usual, &header->config, sizeof usual)) header->uses = WALK;
}

/* The packed bytes that are coded in place of a file, which must be what they are of. */
static Buffer take_packed(const Options *options, Header *header) {
    Buffer packed = read_file(options->packed), out = new_buffer(options->packed, header->length, 1);
    uint8_t digest[DIGEST];
    header->config.is[options->form] = packed.size;
    check_packed(header, options->packed);
    check_memory();
    unpack(&header->config, packed, &out);
    digest_of(out.data, out.size, digest);
    if (memcmp(digest, header->digest, DIGEST))
        fail(FAILED, "%s is of another file than %s", options->packed, options->source);
    return packed;
}

static void begin_file(Buffer *out, Header *header, uint64_t mode) {
    out->at = out->crc = 0;
    header->mode = mode;
    code_header(out, header);
}

static void encode(const Options *options) {
    Buffer source = read_file(options->source), text = source;
    Header header = {.length = source.size, .config = options->config};
    Trained model;
    Engine engine;
    digest_of(source.data, source.size, header.digest);
    if (options->packed && options->form == WORDS && options->model) fail(USAGE, "a model knows no words");
    header.config.is[WORDS] = header.config.is[STROKES] = 0;
    if (options->packed) text = take_packed(options, &header);
    for (int form = WORDS; form <= STROKES; form++)
        if (options->config.is[form] && options->config.is[form] != header.config.is[form])
            fail(USAGE, "no %s of %" PRIu64 " bytes are given", FIELD[form].name, options->config.is[form]);
    if (options->model) {
        model = read_model(options->model);
        choose_use(options, &header, &model.config);
    }
    default_absent(&header.config);
    const char *wrong = wrong_with(&header.config);
    if (wrong) fail(USAGE, "no configuration has this %s", wrong);
    Buffer out = new_buffer(options->target, plus(source.size, LONGEST_HEADER + most_block(&header.config)), 1);
    prepare(&engine, &header.config, &text, 0, options->model ? &model : NULL);
    if (options->model) memcpy(header.trained, model.digest, MODEL_HASH);
    FILE *target = open_target(options, options->target);
    begin_file(&out, &header, STORED);
    const uint64_t stored = out.at + source.size;
    if (source.size) {
        begin_file(&out, &header, options->model ? TRAINED : MODEL);
        code_file(&engine, &out, stored);
    }
    if (!source.size || out.at >= stored) {
        begin_file(&out, &header, STORED);
        code_bytes(&out, source.data, source.size, "the stored bytes");
    }
    close_target(target, &out, out.at);
}

/* Print the configuration of a file, as `e` takes it. */
static void inform(const Options *options) {
    Buffer source = read_file(options->source);
    Header header = {0};
    code_header(&source, &header);
    if (header.mode == STORED) puts("stored");
    for (int part = 0; header.mode == MODEL && part < PARTS; part++)
        for (int n = PART[part].first; n < PART[part].end; n++)
            if (has_part(&header.config, part) || n == PART[part].on)
                printf("%s=%" PRIu64 "\n", FIELD[n].name, header.config.is[n]);
    for (int n = 0; header.mode == TRAINED && n < header.uses; n++)
        if (header.config.is[USE[n]]) printf("%s=%" PRIu64 "\n", FIELD[USE[n]].name, header.config.is[USE[n]]);
}

/* A checksum of what `sum` is of, and of words. */
static uint32_t add_words(uint32_t sum, const void *words, size_t count) {
    const char *at = words;
    for (uint32_t word; count--; at += sizeof word) {
        memcpy(&word, at, sizeof word);
        sum = mix(sum ^ word) + 1;
    }
    return sum;
}

/* Train miniatures, and compare all that they learn and predict with what every machine must compute. */
static void self_check(void) {
    static const uint32_t EXPECTED[2] = {0xbe7efac7u, 0x021aabbau}; /* LSTM, RNN */
    static const char TEXT[] = "<a>[[Word]] 12;34</a>\n<a>[[Word]] 12;56</a>\n{of|words}\n";
    for (uint64_t kind = 0; kind < 2; kind++) {
        Config config = {{2, 4, 1, kind, 256, 2, 16, 300000, 200000, 2, 1u << 1 | 1u << WORD_KIND, 4}};
        Network w;
        uint32_t sum = 0;
        network_allocate(&w, &config, 4);
        network_start(&w);
        network_ready(&w);
        for (size_t window = 0; window < 4; window++) {
            for (size_t t = 0; t < w.T; t++) {
                network_predict(&w, w.B, t);
                for (size_t b = 0; b < w.B; b++) network_observe(&w, b, t, TEXT[window * w.T + t + 20 * b]);
            }
            sum = add_words(sum, w.table, w.B * w.T * 256);
            network_learn(&w);
        }
        for (const Layer *l = w.layers; l <= w.layers + w.L; l++) {
            sum = add_words(sum, l->matrix, l->rows * l->columns);
            sum = add_words(sum, l->matrix_moment, l->rows * l->columns);
        }
        if (sum != EXPECTED[kind])
            fail(CANNOT_HERE, "compiled like this, the program computes other numbers (%08" PRIx32 "): try "
                 "-O2 -ffp-contract=off", sum);
    }
}

static NORETURN void usage(void) {
    fputs("usage: rnnc d [options] FILE.rnnc OUT                 decode\n"
          "       rnnc e [options] FILE OUT.rnnc [field=number]  encode; fields: see docs/format.md\n"
          "       rnnc i FILE.rnnc                               print the fields of a file\n"
          "options: -m MODEL  the trained model to start from\n"
          "         -s PACKED, -w PACKED  strokes, or words: decoding keeps them there, encoding takes them in place of\n"
          "                   FILE, of which they are\n"
          "         -M MIB    refuse to take more memory; 8192 if not told\n"
          "         -f        overwrite OUT\n"
          "exit codes: 0 done, 1 failed, 2 wrong usage, 3 decoded bytes are wrong, 4 cannot decode here\n",
          stderr);
    exit(USAGE);
}

/* The number that an argument is. */
static uint64_t number_of(const char *argument) {
    uint64_t number = get_number(&argument);
    if (*argument) usage();
    return number;
}

/* Take field=number. */
static void take_field(Options *options, const char *argument) {
    const char *number = strchr(argument, '=');
    size_t size = number ? (size_t)(number - argument) : 0;
    for (int n = 0; size && n < FIELDS; n++)
        if (strlen(FIELD[n].name) == size && !strncmp(argument, FIELD[n].name, size)) {
            options->config.is[n] = number_of(number + 1);
            options->told[n] = 1;
            return;
        }
    usage();
}

int main(int count, char **arguments) {
    Options options = {0};
    uint64_t limit = memory_limit;
    const char *names[2] = {NULL, NULL};
    int named = 0;
    for (int n = 0; n < FIELDS; n++) options.config.is[n] = FIELD[n].usual;
    if (count < 2 || strlen(arguments[1]) != 1) usage();
    for (int n = 2; n < count; n++) {
        const char *argument = arguments[n];
        if (!strcmp(argument, "-f"))
            options.overwrite = 1;
        else if (!strcmp(argument, "-m") && n + 1 < count)
            options.model = arguments[++n];
        else if ((!strcmp(argument, "-s") || !strcmp(argument, "-w")) && n + 1 < count)
            options.form = argument[1] == 's' ? STROKES : WORDS, options.packed = arguments[++n];
        else if (!strcmp(argument, "-M") && n + 1 < count)
            limit = times(number_of(arguments[++n]), 1 << 20);
        else if (named < 2)
            names[named++] = argument;
        else
            take_field(&options, argument);
    }
    options.source = names[0];
    options.target = names[1];
    if (named != (*arguments[1] == 'i' ? 1 : 2)) usage();
    make_tables();
    make_histories();
    self_check();
    memory_limit = limit;
    if (*arguments[1] == 'd')
        decode(&options);
    else if (*arguments[1] == 'e')
        encode(&options);
    else if (*arguments[1] == 'i')
        inform(&options);
    else
        usage();
    return 0;
}
