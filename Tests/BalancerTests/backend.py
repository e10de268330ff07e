"""A small HTTP server that says who it is: python3 backend.py ADDRESS NAME [hasty]

It prints its port, answers every request with its name, echoes what it was sent in headers,
accepts websocket upgrades (and then echoes bytes), and waits, or breaks off and counts that, where
the path says so. It remembers the bodies of POSTs. A hasty one closes connections that it kept
within a moment, and does not say so before.
"""
import base64
import hashlib
import random
import socket
import sys
import threading
import time

address, name, is_hasty = sys.argv[1], sys.argv[2], "hasty" in sys.argv[3:]
dropped = 0
posted = []


def serve(connection):
    global dropped
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    buffered = b""
    try:
        while True:
            while b"\r\n\r\n" not in buffered:
                received = connection.recv(65536)
                if not received:
                    return
                buffered += received
            head, buffered = buffered.split(b"\r\n\r\n", 1)
            lines = head.decode("latin-1").split("\r\n")
            path = lines[0].split(" ")[1]
            headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
            if headers.get("upgrade", "").lower() == "websocket":
                # HAProxy checks the answer to the key: RFC 6455, section 4.2.2.
                key = headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
                accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
                answer = ("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
                          "Sec-WebSocket-Accept: " + accept, "", "")
                connection.sendall("\r\n".join(answer).encode())
                while True:
                    received = connection.recv(65536)
                    if not received:
                        return
                    connection.sendall(received)
            length = int(headers.get("content-length", "0"))
            while len(buffered) < length:
                buffered += connection.recv(65536)
            body, buffered = buffered[:length], buffered[length:]
            if lines[0].startswith("POST "):
                posted.append(body)
            if path.startswith("/slow"):
                time.sleep(0.7)
            if path == "/drop":
                dropped += 1
                return
            if path == "/dropped":
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % min(dropped, 9))
                continue
            if path == "/posted":
                body = b"\n".join(posted)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
                continue
            body = "%s for=%s proto=%s\n" % (name, headers.get("x-forwarded-for"), headers.get("x-forwarded-proto"))
            connection.sendall(("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)).encode())
            if is_hasty:
                connection.settimeout(random.uniform(0.0001, 0.001))
    except OSError:
        pass
    finally:
        connection.close()


listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind((address, 0))
listener.listen(512)
print(listener.getsockname()[1], flush=True)
while True:
    accepted, _ = listener.accept()
    threading.Thread(target=serve, args=(accepted,), daemon=True).start()
