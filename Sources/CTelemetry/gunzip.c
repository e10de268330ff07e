#include "ctelemetry.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

enum { FIRST_ROOM = 1 << 16 };

// Makes room for more output, up to `max`. Returns 0 if there is none to be had.
static int grow(unsigned char **out, size_t *room, size_t max) {
    size_t wanted = *room == 0 ? FIRST_ROOM : *room * 2;
    if (wanted > max) wanted = max;
    if (wanted <= *room) return 0;
    unsigned char *larger = realloc(*out, wanted);
    if (larger == NULL) return 0;
    *out = larger;
    *room = wanted;
    return 1;
}

int ctelemetry_gunzip(const void *packed, size_t size, size_t max, unsigned char **out, size_t *count) {
    *out = NULL;
    *count = 0;
    if (size > UINT_MAX) return CTELEMETRY_GUNZIP_TOO_LARGE;
    z_stream stream = {0};
    // The 32 says that gzip's and zlib's heads are told apart by themselves.
    if (inflateInit2(&stream, 15 + 32) != Z_OK) return CTELEMETRY_GUNZIP_NO_MEMORY;
    stream.next_in = (Bytef *)packed;
    stream.avail_in = (uInt)size;
    size_t room = 0;
    int result = CTELEMETRY_GUNZIP_DAMAGED;
    for (;;) {
        if (*count == room && !grow(out, &room, max)) {
            // One byte more tells an output that is as large as it may be from one that is larger.
            unsigned char beyond;
            stream.next_out = &beyond;
            stream.avail_out = 1;
            int last = inflate(&stream, Z_NO_FLUSH);
            if (last == Z_STREAM_END && stream.avail_out == 1 && stream.avail_in == 0) result = CTELEMETRY_GUNZIP_FINE;
            else if (stream.avail_out == 0) result = CTELEMETRY_GUNZIP_TOO_LARGE;
            break;
        }
        size_t free_room = room - *count;
        if (free_room > UINT_MAX) free_room = UINT_MAX;
        stream.next_out = *out + *count;
        stream.avail_out = (uInt)free_room;
        int status = inflate(&stream, Z_NO_FLUSH);
        *count += free_room - stream.avail_out;
        if (status == Z_STREAM_END) {
            if (stream.avail_in == 0) {
                result = CTELEMETRY_GUNZIP_FINE;
                break;
            }
            // Another member follows (RFC 1952, 2.2).
            if (inflateReset(&stream) != Z_OK) break;
        } else if (status != Z_OK || (stream.avail_in == 0 && stream.avail_out > 0)) {
            break;
        }
    }
    inflateEnd(&stream);
    if (result != CTELEMETRY_GUNZIP_FINE) {
        free(*out);
        *out = NULL;
        *count = 0;
    }
    return result;
}
