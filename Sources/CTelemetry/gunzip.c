#include "ctelemetry.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

// The windows of gzip and zlib, told apart by their headers.
enum { any_header = 15 + 32 };

static int grow(unsigned char **bytes, size_t *room, size_t max) {
    size_t wanted = *room > max / 2 ? max : *room * 2;
    unsigned char *more = realloc(*bytes, wanted);
    if (!more) return ENOMEM;
    *bytes = more;
    *room = wanted;
    return 0;
}

// One more byte than `max` is given room, so that what is just too long is seen.
static int inflate_all(z_stream *stream, size_t size, size_t max, unsigned char **bytes, size_t *count) {
    size_t room = size < max / 4 ? size * 4 + 64 : max + 1;
    *bytes = malloc(room);
    if (!*bytes) return ENOMEM;
    for (*count = 0;;) {
        if (*count > max) return EFBIG;
        if (*count == room) {
            int fault = grow(bytes, &room, max + 1);
            if (fault) return fault;
        }
        size_t space = room - *count > UINT_MAX ? UINT_MAX : room - *count;
        stream->next_out = *bytes + *count;
        stream->avail_out = (uInt)space;
        int result = inflate(stream, Z_NO_FLUSH);
        *count += space - stream->avail_out;
        if (result == Z_STREAM_END) {
            if (!stream->avail_in) return *count > max ? EFBIG : 0;
            // Another member follows, as in what was appended to.
            if (inflateReset(stream) != Z_OK) return EINVAL;
        } else if (result == Z_MEM_ERROR) {
            return ENOMEM;
        } else if (result != Z_OK || (!stream->avail_in && stream->avail_out)) {
            return EINVAL;
        }
    }
}

int ctelemetry_gunzip(const void *packed, size_t size, size_t max, void **bytes, size_t *count) {
    if (!size || size > UINT_MAX || max >= SIZE_MAX / 4) return EINVAL;
    z_stream stream = {.next_in = (Bytef *)packed, .avail_in = (uInt)size};
    if (inflateInit2(&stream, any_header) != Z_OK) return ENOMEM;
    unsigned char *room = NULL;
    int fault = inflate_all(&stream, size, max, &room, count);
    inflateEnd(&stream);
    if (fault) {
        free(room);
        return fault;
    }
    *bytes = room;
    return 0;
}

int ctelemetry_gzip(const void *bytes, size_t size, void **packed, size_t *count) {
    z_stream stream = {0};
    // 15 bits of window, 16 for a head and an end of gzip.
    if (size > UINT_MAX || deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) return ENOMEM;
    uLong bound = deflateBound(&stream, (uLong)size);
    unsigned char *room = bound <= UINT_MAX ? malloc(bound) : NULL;
    if (room) {
        stream.next_in = (Bytef *)bytes;
        stream.avail_in = (uInt)size;
        stream.next_out = room;
        stream.avail_out = (uInt)bound;
        if (deflate(&stream, Z_FINISH) != Z_STREAM_END) {
            free(room);
            room = NULL;
        }
    }
    *count = stream.total_out;
    deflateEnd(&stream);
    if (!room) return ENOMEM;
    *packed = room;
    return 0;
}
