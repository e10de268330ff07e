import Telemetry

/// Takes secrets out of texts.
///
/// A text that takes more steps than a pattern may is taken out whole: nobody can say what is in it.
struct Redactor: Sendable {
    private struct Pattern: Sendable {
        var code: PatternCode
        /// Taken out only if its digits have a right check digit.
        var isCard = false
        /// A text without this byte has no match.
        var needs: UInt8?
    }

    private let patterns: [Pattern]
    private let texts: [[UInt8]]
    private let replacement: [UInt8]
    private let hidesPasswords: Bool

    init(_ redaction: LogRedaction) throws(TelemetryProblem) {
        var patterns: [Pattern] = []
        for kind in LogRedaction.Kind.allCases where redaction.kinds.contains(kind) {
            for expression in Self.expressions(kind) {
                patterns.append(
                    Pattern(
                        code: try PatternCode(expression), isCard: kind == .card,
                        needs: kind == .email ? UInt8(ascii: "@") : nil))
            }
        }
        for expression in redaction.patterns { patterns.append(Pattern(code: try PatternCode(expression))) }
        self.patterns = patterns
        texts = redaction.texts.map { Array($0.utf8) }.filter { !$0.isEmpty }
        replacement = Array(redaction.replacement.utf8)
        hidesPasswords = redaction.kinds.contains(.password)
    }

    private static func expressions(_ kind: LogRedaction.Kind) -> [String] {
        switch kind {
        case .email:
            [#"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}+@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.)+[A-Za-z]{2,24}"#]
        case .card: [#"(?<![0-9.])[0-9](?:[ -]?[0-9]){12,18}(?![0-9])"#]
        case .token:
            [
                #"(?i)\b(?:bearer|basic|token)[ ]+([A-Za-z0-9._~+/=-]{12,})"#,
                #"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"#,
                #"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}|glpat-[A-Za-z0-9_-]{16,}"#
                    + #"|xox[abprse]-[A-Za-z0-9-]{10,}|[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|AIza[A-Za-z0-9_-]{30,}"#
                    + #"|apus_[A-Za-z0-9_-]{20,})"#,
            ]
        case .aws:
            [
                #"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"#,
                #"(?i)aws_?(?:secret|session)[a-z_]{0,24}["']?\s{0,4}[=:]\s{0,4}["']?([A-Za-z0-9/+=]{20,})"#,
            ]
        case .password:
            [
                #"(?i)(?:password|passwd|passphrase|pwd|secret|api[_-]?key|access[_-]?token|auth[_-]?token|private[_-]?key)"#
                    + #"(?:\\?["'])?\s{0,4}[=:]\s{0,4}(?|\\"([^"]*?)\\"|"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s,;&"'}\])]+))"#,
                #"://[^\s/:@]{0,128}:([^\s/@]+)@"#,
            ]
        }
    }

    /// The text without secrets: itself if it has none.
    func redacted(
        _ text: ByteView, _ room: borrowing PatternRoom, _ scratch: inout ByteArena, _ exhausted: inout Int
    ) -> ByteView {
        var text = text
        for literal in texts { text = without(literal, text, &scratch) }
        for pattern in patterns {
            if let needed = pattern.needs, !text.contains(needed) { continue }
            guard let clean = without(pattern, text, room, &scratch) else {
                exhausted += 1
                return scratch.copy(replacement)
            }
            text = clean
        }
        return text
    }

    /// Replaces the values of fields whose names say that they are secret.
    func hideNamed(_ builder: inout LogBatchBuilder) {
        guard hidesPasswords else { return }
        for index in 0..<builder.line.fieldCount {
            let name = builder.line.field(index).name
            guard name != LogRecord.removed, Self.isSecret(builder.text(ofName: name)) else { continue }
            builder.line.set(name, builder.line.scratch.copy(replacement))
        }
    }

    private static func isSecret(_ name: String) -> Bool {
        let last = name.utf8.split(separator: UInt8(ascii: ".")).last.map { String($0) ?? "" } ?? ""
        let words = last.lowercased().replacing("-", with: "_")
        return [
            "password", "passwd", "passphrase", "pwd", "secret", "api_key", "apikey", "access_token", "auth_token",
            "private_key", "client_secret", "authorization",
        ].contains(words)
    }

    private func without(_ literal: [UInt8], _ text: ByteView, _ scratch: inout ByteArena) -> ByteView {
        var (made, from): ([UInt8], Int) = ([], 0)
        literal.withUnsafeBytes { literal in
            while let place = text.index(of: literal, from: from) {
                made += text.slice(from, place).buffer
                made += replacement
                from = place + literal.count
            }
        }
        guard from > 0 else { return text }
        made += text.dropFirst(from).buffer
        return scratch.copy(made)
    }

    /// nil: it takes too many steps.
    private func without(
        _ pattern: Pattern, _ text: ByteView, _ room: borrowing PatternRoom, _ scratch: inout ByteArena
    ) -> ByteView? {
        var made: [UInt8] = []
        // What is copied already, and where the next match may begin.
        var (copied, from) = (0, 0)
        while from <= text.count {
            switch room.match(pattern.code, text, from: from) {
            case .exhausted: return nil
            case .none: from = text.count + 1
            case .match:
                guard let whole = room.group(0) else { return nil }
                let secret = pattern.code.groupCount > 0 ? room.group(1) ?? whole : whole
                from = max(whole.upperBound, from + (whole.isEmpty ? 1 : 0))
                if whole.isEmpty, whole.upperBound >= from { from = whole.upperBound + 1 }
                guard !secret.isEmpty, secret.lowerBound >= copied else { continue }
                if pattern.isCard, !Self.isCard(text.slice(secret.lowerBound, secret.upperBound)) { continue }
                made += text.slice(copied, secret.lowerBound).buffer
                made += replacement
                copied = secret.upperBound
            }
        }
        guard copied > 0 else { return text }
        made += text.dropFirst(copied).buffer
        return scratch.copy(made)
    }

    /// Whether the last digit is right. Source: ISO/IEC 7812-1, annex B (Luhn).
    private static func isCard(_ text: ByteView) -> Bool {
        var (sum, count, first) = (0, 0, -1)
        for index in stride(from: text.count - 1, through: 0, by: -1) where ByteView.isDigit(text[index]) {
            let digit = Int(text[index] - 0x30)
            let part = count % 2 == 1 ? digit * 2 : digit
            sum += part > 9 ? part - 9 : part
            count += 1
            first = digit
        }
        return count >= 13 && sum % 10 == 0 && first != 0
    }
}

extension ByteView {
    fileprivate func index(of bytes: UnsafeRawBufferPointer, from: Int) -> Int? {
        guard from + bytes.count <= count, let first = bytes.first else { return nil }
        var from = from
        while let place = index(of: first, from: from), place + bytes.count <= count {
            if slice(place, place + bytes.count).equals(ByteView(bytes)) { return place }
            from = place + 1
        }
        return nil
    }
}
