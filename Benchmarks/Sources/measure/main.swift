import Core

/// Prints a line of JSON for each figure of the core: `{"name": …, "microseconds": …}`.
let figures: [Figure] = [
    Figure("name-check", iterations: 100_000) { _ = try HostName("web-17.zone-b.example") },
    Figure("command-split", iterations: 20_000) {
        _ = try CommandTemplate("gunicorn shop:app --bind $HOST:$PORT --threads 4 --name 'the shop'")
    },
    Figure("instance-parse", iterations: 100_000) { _ = try InstanceID("shop.web.12.r341") },
]

let wanted = Set(CommandLine.arguments.dropFirst())
for figure in figures where wanted.isEmpty || wanted.contains(figure.name) {
    print("{\"name\": \"\(figure.name)\", \"microseconds\": \(try figure.measure())}")
}
