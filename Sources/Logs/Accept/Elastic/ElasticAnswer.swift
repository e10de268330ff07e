/// What became of each item of a bulk request.
package struct ElasticAnswer: Sendable {
    enum Refusal: UInt8 {
        case document = 1, changes, missing

        var status: Int { 400 }

        var type: String {
            switch self {
            case .document: "document_parsing_exception"
            case .changes: "illegal_argument_exception"
            case .missing: "action_request_validation_exception"
            }
        }

        var reason: String {
            switch self {
            case .document: "the document is no JSON object"
            case .changes: "lines of logs are only added: send create or index"
            case .missing: "the document behind the action is missing"
            }
        }
    }

    /// Items that are alike and one behind the other.
    private struct Run {
        var kind: ElasticAction.Kind
        var index: Int
        var refusal: Refusal?
        var count: Int
    }

    private var runs: [Run] = []
    var indices: [String] = []
    package private(set) var count = 0
    package private(set) var refused = 0

    init() {}

    @inline(__always)
    mutating func add(_ kind: ElasticAction.Kind, index: Int, refusal: Refusal?) {
        count &+= 1
        if refusal != nil { refused += 1 }
        if let last = runs.indices.last, runs[last].kind == kind, runs[last].index == index,
            runs[last].refusal == refusal
        {
            runs[last].count &+= 1
            return
        }
        runs.append(Run(kind: kind, index: index, refusal: refusal, count: 1))
    }

    /// The body of the answer: an item for each item, as clients look at them one by one.
    /// - Parameters:
    ///   - took: milliseconds.
    ///   - isBrief: with nothing of items but their states, as senders ask that name what they want (`filter_path`).
    package func json(took: Int, isBrief: Bool) -> [UInt8] {
        var bytes = Array(#"{"took":\#(max(0, took)),"errors":\#(refused > 0),"items":["#.utf8)
        let names = indices.map { JSONText.quoted($0) }
        var isFirst = true
        for run in runs {
            let item = Array(text(of: run, names[run.index], isBrief: isBrief).utf8)
            bytes.reserveCapacity(bytes.count + run.count * (item.count + 1) + 2)
            for _ in 0..<run.count {
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                bytes += item
            }
        }
        bytes += Array("]}".utf8)
        return bytes
    }

    package func accepted(took: Int, isBrief: Bool) -> AcceptAnswer {
        var reasons: [String] = []
        for run in runs {
            if let reason = run.refusal?.reason, !reasons.contains(reason) { reasons.append(reason) }
        }
        return AcceptAnswer(
            status: 200, body: json(took: took, isBrief: isBrief), fields: ElasticHandshake.fields,
            accepted: count - refused, refused: refused, reasons: reasons)
    }

    private func text(of run: Run, _ index: String, isBrief: Bool) -> String {
        let head = isBrief ? "" : #""_index":\#(index),"_id":"","#
        guard let refusal = run.refusal else {
            let result = isBrief ? "" : #","result":"created""#
            return #"{"\#(run.kind.word)":{\#(head)"status":201\#(result)}}"#
        }
        return #"{"\#(run.kind.word)":{\#(head)"status":\#(refusal.status),"#
            + #""error":{"type":"\#(refusal.type)","reason":"\#(refusal.reason)"}}}"#
    }
}

enum JSONText {
    /// A text of JSON, with its quotes.
    static func quoted(_ text: String) -> String {
        var made = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": made += "\\\""
            case "\\": made += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                made += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: made.unicodeScalars.append(scalar)
            }
        }
        return made + "\""
    }
}
