import Core
import Glibc
import Logs
import SystemPackage
import Telemetry

/// What a host collects, as the collector needs it.
struct LogSources {
    let folders: HostFolders

    /// The output of instances, nginx's own log, and the files that git names.
    func sources(_ collection: LogCollection) throws(TelemetryProblem) -> [LogFileSource] {
        var sources = [
            LogFileSource([try PathGlob("\(folders.instances)/*/logs/output.log*")], form: .output) { path, output in
                instance(path, output)
            }
        ]
        if collection.balancers?.isOn != false {
            // What it says of itself. Of requests it is in the pipe.
            sources.append(
                LogFileSource([try PathGlob("\(folders.balancers)/*/run/error.log")], form: .lines) { _, _ in
                    ["process": "nginx", "source": "nginx.error"]
                })
        }
        for spec in collection.files {
            var globs: [PathGlob] = []
            for path in spec.paths { globs.append(try PathGlob(path)) }
            sources.append(
                LogFileSource(globs, form: try form(spec.multiline), rateMax: spec.rateMax) { path, _ in
                    LogStream(spec.labels.map { .init($0.key, $0.value) } + [.init("source", path)])
                })
        }
        return sources
    }

    private func form(_ multiline: LogFilesSpec.Multiline?) throws(TelemetryProblem) -> LogFileSource.Form {
        guard let multiline else { return .lines }
        return try .joined(begins: multiline.begins, quiet: multiline.quiet.milliseconds * 1_000_000)
    }

    /// The labels of an instance's output, by the path of its file.
    private func instance(_ path: String, _ output: String) -> LogStream {
        let folder = FilePath(path).removingLastComponent().removingLastComponent()
        var labels: [LogStream.Label] = [.init("source", output.isEmpty ? "stdout" : output)]
        if let name = folder.lastComponent?.string { labels.append(.init("instance", name)) }
        if let kept = try? KeptInstance(readFrom: MountPoint(folder: folder)) {
            let id = kept.spec.id
            labels += [
                .init("app", id.app.text), .init("process", id.process.text), .init("release", "r\(id.release)"),
            ]
        }
        return LogStream(labels)
    }
}
