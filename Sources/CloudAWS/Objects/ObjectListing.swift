/// A page of what a bucket has, as ListObjectsV2 says it in XML.
///
/// Only elements without attributes count, and only those that are asked for: names of keys are ours, so
/// what is nested elsewhere under the same name is nothing that we have stored.
struct ObjectListing {
    var objects: [(key: String, size: Int64)] = []
    /// For the next page; nil if this is the last.
    var continuation: String?

    init(xml: String) {
        var rest = xml[...]
        while let content = Self.element("Contents", in: &rest) {
            var inner = content
            guard let key = Self.element("Key", in: &inner) else { continue }
            inner = content
            guard let size = Self.element("Size", in: &inner).flatMap({ Int64($0) }) else { continue }
            objects.append((Self.plain(key), size))
        }
        rest = xml[...]
        continuation = Self.element("NextContinuationToken", in: &rest).map(Self.plain)
    }

    /// The text of the next element of a name; `text` goes on behind it.
    private static func element(_ name: String, in text: inout Substring) -> Substring? {
        guard let open = text.firstRange(of: "<\(name)>") else { return nil }
        let behind = text[open.upperBound...]
        guard let close = behind.firstRange(of: "</\(name)>") else { return nil }
        text = behind[close.upperBound...]
        return behind[..<close.lowerBound]
    }

    private static func plain(_ text: Substring) -> String {
        var result = String(text)
        for (entity, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")] {
            result = result.replacing(entity, with: character)
        }
        return result
    }
}
