/// One connection that brings syslog, whatever it is carried by. For one thread.
package final class SyslogSender {
    var stream: LogLineStream
    /// The address that it comes from.
    let address: [UInt8]
    /// Bytes that wait here for their end, as the intake knows.
    var waitingBytes = 0

    package init(address: String, lineBytesMax: Int = LogLineStream.lineBytesMax) {
        stream = LogLineStream(lineBytesMax: lineBytesMax)
        self.address = Array(address.utf8)
    }
}
