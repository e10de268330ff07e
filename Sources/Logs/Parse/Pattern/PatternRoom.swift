import CPCRE2

/// Where matches are kept, and what one may take. For one thread.
struct PatternRoom: ~Copyable {
    enum Outcome {
        case match, none
        /// The text takes more steps or memory than one may.
        case exhausted
    }

    static let groupsMax = 256
    private static let stepsMax: UInt32 = 200_000
    private static let depthMax: UInt32 = 2000
    private static let heapKibibytesMax: UInt32 = 16 << 10

    private let data = pcre2_match_data_create_8(UInt32(groupsMax), nil)
    private let context = pcre2_match_context_create_8(nil)
    private let stack = pcre2_jit_stack_create_8(32 << 10, 1 << 20, nil)

    init() {
        pcre2_set_match_limit_8(context, Self.stepsMax)
        pcre2_set_depth_limit_8(context, Self.depthMax)
        pcre2_set_heap_limit_8(context, Self.heapKibibytesMax)
        pcre2_jit_stack_assign_8(context, nil, UnsafeMutableRawPointer(stack))
    }

    deinit {
        pcre2_match_data_free_8(data)
        pcre2_match_context_free_8(context)
        pcre2_jit_stack_free_8(stack)
    }

    /// Looks for the first match from `start` on.
    func match(_ code: PatternCode, _ text: ByteView, from start: Int = 0) -> Outcome {
        let bytes = text.start.assumingMemoryBound(to: UInt8.self)
        let result = pcre2_match_8(code.code, bytes, text.count, start, 0, data, context)
        if result >= 0 { return .match }
        return result == PCRE2_ERROR_NOMATCH ? .none : .exhausted
    }

    /// Where a group of the last match is; nil if it took no part. 0 is the whole match.
    func group(_ number: Int) -> Range<Int>? {
        guard let ends = pcre2_get_ovector_pointer_8(data), number < Int(pcre2_get_ovector_count_8(data)) else {
            return nil
        }
        let (from, to) = (ends[number * 2], ends[number * 2 + 1])
        // A group that took no part has PCRE2_UNSET, which is -1 here; `\K` in a look-around may turn ends around.
        return from >= 0 && from <= to ? from..<to : nil
    }
}
