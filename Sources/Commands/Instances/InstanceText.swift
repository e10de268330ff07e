import Core
import Wire

enum InstanceText {
    static func table(_ instances: [InstanceView], at now: Instant) -> Table {
        var table = Table([
            .init("INSTANCE"), .init("COLOUR"), .init("HOST"), .init("STATE", isOptional: true), .init("HEALTH"),
            .init("DUTY"),
            .init("PORT", isRight: true, isOptional: true), .init("PID", isRight: true, isOptional: true),
            .init("SINCE", isRight: true, isOptional: true),
            .init("WHY", isElastic: true),
        ])
        for instance in instances {
            table.add([
                StyledText(instance.id.description, .bold), Words.mark(instance.colour), StyledText(instance.host.text),
                StyledText(instance.state.rawValue), StyledText(instance.health.rawValue),
                StyledText(duty(instance, at: now)),
                StyledText(instance.port.map { "\($0)" } ?? ""), StyledText(instance.processID.map { "\($0)" } ?? ""),
                StyledText(instance.since.map { Words.age($0, at: now) } ?? ""), StyledText(why(instance)),
            ])
        }
        return table
    }

    private static func duty(_ instance: InstanceView, at now: Instant) -> String {
        guard instance.duty == .warm, let until = instance.warmUntil else {
            return instance.duty == .none ? "" : instance.duty.rawValue
        }
        return "warm, ends \(Words.age(until, at: now))"
    }

    private static func why(_ instance: InstanceView) -> String {
        ([instance.reason] + instance.differences.map(\.description)).joined(separator: "; ")
    }
}
