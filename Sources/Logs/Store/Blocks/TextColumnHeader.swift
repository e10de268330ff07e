import Telemetry

/// What a block's header says of a column of texts.
struct TextColumnHeader: Hashable, Sendable {
    /// Rows that have a text.
    var rows: Int
    var shapes: Int
    /// Shapes, and where their slots are.
    var described: BlockPart
    /// The shape of each row.
    var ids: BlockPart
    /// Slots that are too few for a part of their own.
    var pool: BlockPart

    func encode(into bytes: inout [UInt8]) {
        bytes.append(varint: rows)
        bytes.append(varint: shapes)
        for part in [described, ids, pool] { part.encode(into: &bytes) }
    }

    init(rows: Int, shapes: Int, described: BlockPart, ids: BlockPart, pool: BlockPart) {
        self.rows = rows
        self.shapes = shapes
        self.described = described
        self.ids = ids
        self.pool = pool
    }

    init?(_ reader: inout ByteReader, rowsMax: Int) {
        guard let rows = reader.count(limit: rowsMax), let shapes = reader.count(limit: 1 << 16),
            let described = BlockPart(&reader), let ids = BlockPart(&reader), let pool = BlockPart(&reader),
            ids.plain == rows * TextColumnWriter.width(shapes: shapes), rows == 0 || shapes > 0
        else { return nil }
        self.init(rows: rows, shapes: shapes, described: described, ids: ids, pool: pool)
    }
}
