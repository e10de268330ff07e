/// The forms of lines that are known.
package enum LogFormat: String, CaseIterable, Hashable, Sendable {
    /// Whatever the line looks like.
    case auto
    /// An object; what is nested becomes names with dots.
    case json
    /// `key=value key="a value"`
    case logfmt
    /// Access and error logs of nginx and Apache: the combined form, with what people often add to it.
    case nginx
    /// HAProxy's httplog and tcplog.
    case haproxy
    /// RFC 5424 and RFC 3164, with and without priority.
    case syslog

    /// The format that a name means: other names of the same are taken too.
    package init?(name: String) {
        switch name {
        case "apache", "access", "combined", "httpd": self = .nginx
        case "kv", "key-value": self = .logfmt
        default:
            guard let format = Self(rawValue: name) else { return nil }
            self = format
        }
    }
}
