extension Assets {
    /// The worker that the tabs of a browser share. It has one connection for each stream that any of
    /// them wants to hear, and passes on what comes.
    static let streamsScript = #"""
        "use strict";
        const streams = new Map();
        const tell = (stream, message) => { for (const port of stream.ports) port.postMessage(message); };

        const open = (url, ports) => {
          const source = new EventSource(url);
          const stream = { source, ports, names: new Set(), isOpen: false };
          const become = (isOpen) => { stream.isOpen = isOpen; tell(stream, { url, isOpen }); };
          stream.hear = ({ type, data }) => tell(stream, { url, type, data });
          source.onopen = () => become(true);
          source.onerror = () => become(false);
          // Who comes after the end hears it from the server.
          source.addEventListener("end", () => { source.close(); streams.delete(url); });
          streams.set(url, stream);
          return stream;
        };

        const join = (port, url, names) => {
          let stream = streams.get(url);
          // One that the server has refused is tried again with whoever comes next.
          if (!stream || stream.source.readyState === EventSource.CLOSED) stream = open(url, stream ? stream.ports : new Set());
          for (const name of names) {
            if (stream.names.has(name)) continue;
            stream.names.add(name);
            stream.source.addEventListener(name, stream.hear);
          }
          stream.ports.add(port);
          if (stream.isOpen) port.postMessage({ url, isOpen: true });
        };

        const leave = (port) => {
          for (const [url, stream] of streams) {
            if (!stream.ports.delete(port) || stream.ports.size) continue;
            stream.source.close();
            streams.delete(url);
          }
        };

        onconnect = ({ ports: [port] }) => {
          port.onmessage = ({ data }) => { if (data.leave) leave(port); else join(port, data.join, data.names); };
        };
        """#
}
