import Glibc
import Logs

/// Lines parsed into batches per second of processor time, by form: `swift run -c release lines`.

let noon: Int64 = 1_795_262_400_000_000_000

func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

func measure(_ name: String, lines: Int, bytes: Int, _ body: () throws -> Int) rethrows {
    _ = try body()
    let start = processorSeconds()
    var (rounds, found) = (0, 0)
    while processorSeconds() - start < 1 {
        found = try body()
        rounds += 1
    }
    let seconds = processorSeconds() - start
    let rate = Double(lines * rounds) / seconds
    print(
        "\(name): \(Int(rate)) lines/cpu-s, \(Int(Double(bytes * rounds) / seconds / 1e6)) MB/cpu-s, \(found) of \(lines)"
    )
}

func program(_ format: LogFormat) throws -> LogProgram {
    try LogProgram([LogPipeline(name: "bench", steps: [.parse(format)])])
}

func measureLines(_ name: String, _ format: LogFormat, _ line: (Int) -> String) throws {
    let lines = (0..<20_000).map { Array(line($0).utf8) }
    let program = try program(format)
    var processor = LogProcessor(program, seed: 1)
    let stream = processor.builder.stream(["source": "bench"])
    measure(name, lines: lines.count, bytes: lines.reduce(0) { $0 + $1.count }) {
        for line in lines {
            line.withUnsafeBytes { processor.take(ByteView($0), stream: stream, now: noon) }
        }
        return processor.takeBatch().lines.count
    }
}

func document(_ index: Int) -> String {
    #"{"@timestamp":"2026-11-21T12:00:\#(10 + index % 50).\#(100 + index % 900)Z","level":"info","app":"shop","#
        + #""message":"order \#(index) of customer \#(index &* 7919 % 10_007) was paid","status":\#(200 + index % 5),"#
        + #""took_ms":\#(index % 977),"trace":"\#(String(UInt64(index) &* 0x9E37_79B9_7F4A_7C15, radix: 16))"}"#
}

let bulk = Array((0..<20_000).map { #"{"create":{"_index":"shop"}}"# + "\n" + document($0) + "\n" }.joined().utf8)
for (name, chosen) in [("_bulk", LogProgram?.none), ("_bulk, auto", try program(.auto))] {
    try measure(name, lines: 20_000, bytes: bulk.count) {
        try LogIntake(stream: ["source": "bulk"], now: noon).batch(
            of: bulk, as: .elasticBulk, program: chosen, seed: 1
        ).batch.lines.count
    }
}
try measureLines("JSON", .json, document)
try measureLines("JSON, guessed", .auto, document)
try measureLines("syslog 5424", .syslog) {
    "<165>1 2026-11-21T12:00:\(10 + $0 % 50).123Z web-\($0 % 9) shop \($0 % 999) - - order \($0) was paid"
}
try measureLines("syslog 3164", .syslog) {
    "<30>Nov 21 12:00:\(10 + $0 % 50) web-\($0 % 9) sshd[\($0 % 999)]: Accepted publickey for bob from 10.0.0.\($0 % 250)"
}
let request: (Int) -> String = {
    "10.0.\($0 % 7).\($0 % 250) - - [21/Nov/2026:12:00:\(10 + $0 % 50) +0000] \"GET /cart/\($0) HTTP/1.1\" 200 \($0 % 9999)"
        + " \"https://shop.example/\" \"Mozilla/5.0 (X11; Linux x86_64) Firefox/120.0\""
}
try measureLines("nginx", .nginx, request)
try measureLines("nginx, guessed", .auto, request)
try measureLines("logfmt, guessed", .auto) {
    "time=2026-11-21T12:00:\(10 + $0 % 50)Z level=info msg=\"order \($0) was paid\" status=200 took=\($0 % 977)"
}
try measureLines("plain, guessed", .auto) {
    "2026-11-21 12:00:\(10 + $0 % 50),123 INFO shop.orders: order \($0) was paid"
}
