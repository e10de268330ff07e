import Core
import Subprocess
import Telemetry

/// Makes pixels of charts, by librsvg's own program.
enum PictureMaker {
    private static let bytesMax = 16 << 20

    /// - Throws: `picture.failed`.
    static func png(_ svg: String, width: Int) async throws(Problem) -> [UInt8] {
        do {
            let result = try await Subprocess.run(
                .name(ChartPicture.program), arguments: Arguments(ChartPicture.arguments(width: width)),
                input: .string(svg), output: .bytes(limit: bytesMax), error: .string(limit: 4096))
            guard result.terminationStatus.isSuccess else {
                throw failed("It ended with \(result.terminationStatus): \(result.standardError).")
            }
            return result.standardOutput
        } catch let problem as Problem {
            throw problem
        } catch {
            throw failed("\(error).")
        }
    }

    private static func failed(_ cause: String) -> Problem {
        Problem(
            "picture.failed", "The picture was not made.",
            cause: "`\(ChartPicture.program)` makes it. \(quotedForMessage(cause, lengthMax: 300))",
            remedy: "Install librsvg2-bin on the server, or ask for format=svg.")
    }
}
