import Core
import Glibc
import Testing

@testable import Wire

@Suite("Private files")
final class PrivateFileTests {
    private let folder: String

    init() throws {
        var template = Array("/tmp/apus-private-XXXXXX".utf8CString)
        folder = String(cString: try #require(mkdtemp(&template)))
    }

    deinit {
        for name in ["file", "file.new", "link"] { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }

    @Test("What is written is read, by the owner alone, and nothing is left beside it")
    func roundTrip() throws {
        let path = "\(folder)/file"
        #expect(try PrivateFile.read(path) == nil)
        try PrivateFile.write([1, 2, 3], to: path)
        try PrivateFile.write([4], to: path)
        #expect(try PrivateFile.read(path) == [4])
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(access(path + ".new", F_OK) != 0)
    }

    @Test("A key that others can read is not used, nor one behind a link")
    func notPrivate() throws {
        let path = "\(folder)/file"
        try PrivateFile.write([1], to: path)
        symlink(path, "\(folder)/link")
        #expect(throws: Problem.self) { try PrivateFile.read("\(self.folder)/link") }
        chmod(path, 0o640)
        #expect(throws: Problem.self) { try PrivateFile.read(path) }
    }

    @Test("A folder that is not there is a problem that names it")
    func missingFolder() {
        let problem = #expect(throws: Problem.self) { try PrivateFile.write([1], to: "\(self.folder)/no/file") }
        #expect(problem?.sentence.contains("/no/file") == true)
    }
}
