import FoundationEssentials

/// Programs that ship logs, each with a configuration of its own that sends the lines of a file.
enum Shipper {
    static let rsyslog = "/usr/sbin/rsyslogd"

    /// rsyslog, with lines of a file as those of `shop[42]`, of severity warning and facility local3.
    /// - Parameters:
    ///   - modules: lines of configuration for the whole program.
    ///   - action: sends a message.
    static func rsyslog(
        _ folder: ScratchFolder, modules: String = "", global: String = "", action: String
    ) throws -> ForeignProgram {
        let path = try folder.write(
            "rsyslog.conf",
            """
            global(workDirectory="\(folder.path)" localHostname="web-7" \(global))
            module(load="imfile")
            \(modules)
            input(type="imfile" File="\(folder.path)/input.log" Tag="shop[42]:" Severity="warning" Facility="local3")
            \(action)

            """)
        return try ForeignProgram(
            [rsyslog, "-n", "-f", path, "-i", folder.path + "/rsyslog.pid"], output: folder.path + "/rsyslog.log")
    }

    /// Where bin/setup unpacks syslog-ng, which cannot be installed beside rsyslog.
    static let syslogNG: String = {
        let root = String(#filePath.split(separator: "/Tests/ServerTests/")[0])
        return "/\(root.drop { $0 == "/" })/.build/syslog-ng"
    }()

    /// syslog-ng, with lines of a file as those of `shop[42]`, of level warning and facility local3.
    /// - Parameter destination: what is in its braces.
    static func syslogNG(_ folder: ScratchFolder, destination: String) throws -> ForeignProgram {
        let path = try folder.write(
            "syslog-ng.conf",
            """
            @version: 3.38
            options { stats-freq(0); use-dns(no); keep-hostname(yes); log-msg-size(65536); };
            source s_file {
                file("\(folder.path)/input.log" flags(no-parse) default-facility(local3) default-level(warning));
            };
            rewrite r_who {
                set("web-7", value("HOST"));
                set("shop", value("PROGRAM"));
                set("42", value("PID"));
            };
            destination d_apus { \(destination) };
            log { source(s_file); rewrite(r_who); destination(d_apus); };

            """)
        let libraries = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib/syslog-ng"]
            .map { "\(syslogNG)/\($0)" }.joined(separator: ":")
        return try ForeignProgram(
            [
                "/usr/bin/env", "LD_LIBRARY_PATH=\(libraries)", "\(syslogNG)/usr/sbin/syslog-ng", "--foreground",
                "--no-caps", "--module-path=\(syslogNG)/usr/lib/syslog-ng/3.38", "--cfgfile=\(path)",
                "--persist-file=\(folder.path)/persist", "--pidfile=\(folder.path)/pid",
                "--control=\(folder.path)/control",
            ], output: folder.path + "/syslog-ng.log")
    }
}
