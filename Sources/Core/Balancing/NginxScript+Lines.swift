extension NginxScript {
    /// Writes a line for each request into the pipe that nginx was started with, as an access log has it. nginx itself
    /// would wait for a pipe that is full, and for a socket that nobody reads it would fill the disk with complaints.
    static let lines = #"""
        -- Written by Apus. A line for each request, for the agent. docs/balancing.md says more.
        local ffi = require "ffi"

        ffi.cdef [[
        int fcntl(int descriptor, int command, ...);
        long readlink(const char *path, char *target, size_t size);
        long write(int descriptor, const void *bytes, size_t count);
        ]]

        local descriptor = 9
        -- A pipe takes so much as a whole.
        local bytesMax = 4096
        local textMax = 900

        local M = {}
        local isOpen = false
        local lost = 0
        local second, secondText

        -- Whether this nginx was started with the pipe.
        function M.open()
            local target = ffi.new("char[4096]")
            local size = tonumber(ffi.C.readlink("/proc/self/fd/" .. descriptor, target, 4096))
            if size < 0 or not ffi.string(target, size):match("/run/lines$") then return end
            -- F_SETFL with O_RDWR and O_NONBLOCK: a request never waits for the agent.
            isOpen = ffi.C.fcntl(descriptor, 4, ffi.new("int", 2 + 2048)) == 0
        end

        local function escaped(text)
            if not text or text == "" then return "-" end
            if #text > textMax then text = text:sub(1, textMax) end
            return (text:gsub('[%c"\\\127-\255]', function(byte) return ("\\x%02X"):format(byte:byte()) end))
        end

        -- A word of a line that goes on behind it.
        local function word(text)
            if not text or text == "" then return "-" end
            return (escaped(text):gsub(" ", ""))
        end

        local function time()
            local now = ngx.now()
            local whole = math.floor(now)
            if whole ~= second then second, secondText = whole, os.date("!%d/%b/%Y:%H:%M:%S", whole) end
            return ("%s.%03d +0000"):format(secondText, math.floor((now - whole) * 1000))
        end

        local function send(line)
            if #line > bytesMax then line = line:sub(1, bytesMax - 1) .. "\n" end
            return ffi.C.write(descriptor, line, #line) == #line
        end

        -- Before its parts a line has the backend and the server that answered.
        function M.write(backend, server)
            if not isOpen then return end
            local var = ngx.var
            local line = ('nginx %s %s %s - - [%s] "%s" %s %s "%s" "%s" %s host=%s backend=%s server=%s upstream_seconds=%s tries=%s%s\n'):format(
                word(backend), word(server), var.remote_addr, time(), escaped(var.request), var.status, var.body_bytes_sent,
                escaped(var.http_referer), escaped(var.http_user_agent), var.request_time, word(var.http_host),
                word(backend), word(server), word((var.upstream_response_time or ""):match("[%d.]+$")),
                word(var.upstream_addr and tostring(select(2, var.upstream_addr:gsub(",", "")) + 1)),
                lost > 0 and " lost_lines=" .. lost or "")
            if send(line) then lost = 0 else lost = lost + 1 end
        end

        return M

        """#
}
