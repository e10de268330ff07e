/// What nginx runs for each request, in Lua: `apus.lua` in the balancer's folder.
///
/// It is the same for every balancer. Servers come to it as lines of words, at the start from
/// `servers.txt` and later through the control socket, and are never read as code.
package enum NginxScript {
    /// By the names of their files.
    package static let files = [("apus.lua", text), ("apus_lines.lua", lines)]

    static let text = #"""
        -- Written by Apus. What nginx cannot do without reading its file again: servers that come, go and
        -- change, their health, their weights, and counters. docs/balancing.md says more.
        local ffi = require "ffi"
        local balancer = require "ngx.balancer"
        local base = require "resty.core.base"
        local log = require "apus_lines"

        ffi.cdef [[
        typedef struct { long seconds; long nanoseconds; } apus_timespec;
        int clock_gettime(int clock, apus_timespec *time);
        int shutdown(int descriptor, int how);
        int kill(int process, int signal);
        int getpeername(int descriptor, void *address, unsigned int *size);
        ]]

        local servers = ngx.shared.apus_servers
        local counts = ngx.shared.apus_counts
        local active = ngx.shared.apus_active
        local time = ffi.new("apus_timespec")
        local triesMax = 3

        local M = {}
        local state = { version = -1, backends = {}, servers = {}, closing = false }
        -- Descriptors of clients by the server that answers them, of this worker.
        local clients = {}
        local canCut = nil
        local worker = 0

        local function microseconds()
            ffi.C.clock_gettime(1, time)
            return tonumber(time.seconds) * 1e6 + tonumber(time.nanoseconds) / 1e3
        end

        -- MARK: Servers

        -- `backend NAME source|- PATH|-` and `server NAME ADDRESS PORT WEIGHT STANDING`, a line each.
        local function parse(text)
            local backends, all = {}, {}
            local backend
            for line in text:gmatch("[^\n]+") do
                local words = {}
                for word in line:gmatch("%S+") do words[#words + 1] = word end
                if words[1] == "backend" then
                    backend = { sticky = words[3] == "source", path = words[4] ~= "-" and words[4] or nil, serving = {} }
                    backends[words[2]] = backend
                elseif words[1] == "server" and backend then
                    local name = words[2]
                    local server = {
                        name = name, address = words[3], port = tonumber(words[4]), weight = tonumber(words[5]),
                        standing = words[6], path = backend.path, current = 0,
                        isDown = servers:get("down " .. name) or false,
                        requestsKey = "requests " .. name, failedKey = "failed " .. name,
                        activeKey = worker .. " " .. name, latencyKeys = {},
                    }
                    all[name] = server
                    if server.standing == "serving" then table.insert(backend.serving, server) end
                end
            end
            return backends, all
        end

        local function cut(names)
            for name in names:gmatch("%S+") do
                for descriptor in pairs(clients[name] or {}) do ffi.C.shutdown(descriptor, 2) end
            end
        end

        local function refresh()
            local version = servers:get("version")
            if version == state.version then return end
            local backends, all = parse(servers:get("text") or "")
            local cuts = servers:get("cuts")
            if cuts and cuts ~= state.cuts then cut(servers:get("cut") or "") end
            state = {
                version = version, backends = backends, servers = all, closing = servers:get("closing") == true, cuts = cuts,
            }
        end

        local function mark(name, isDown)
            if (servers:get("down " .. name) or false) == isDown then return end
            if isDown then servers:set("down " .. name, true) else servers:delete("down " .. name) end
            servers:incr("version", 1, 0)
        end

        -- MARK: Health

        -- Whether the server answers at all: what it answers is for the agent's own probe to judge.
        local function answers(server)
            local socket = ngx.socket.tcp()
            socket:settimeouts(1000, 1000, 2000)
            if not socket:connect(server.address, server.port) then return false end
            local isGood = true
            if server.path then
                local line = socket:send("GET " .. server.path .. " HTTP/1.0\r\n\r\n") and socket:receive("*l")
                local status = line and tonumber(line:match("^HTTP/%S+ (%d%d%d)"))
                isGood = status ~= nil and status >= 200 and status <= 499
            end
            socket:close()
            return isGood
        end

        local checking, fallen, due = {}, {}, {}

        local function check(premature, server, fallMax)
            if not premature then
                if answers(server) then
                    fallen[server.name] = nil
                    mark(server.name, false)
                else
                    fallen[server.name] = (fallen[server.name] or 0) + 1
                    if fallen[server.name] >= fallMax then mark(server.name, true) end
                end
            end
            checking[server.name] = nil
        end

        local function begin(server, fallMax)
            if checking[server.name] then return end
            checking[server.name] = true
            if not ngx.timer.at(0, check, server, fallMax) then checking[server.name] = nil end
        end

        -- Every second while all is well, else four times as often; two failures in a row take a server out.
        local function tick(premature)
            if premature or ngx.worker.exiting() then return end
            refresh()
            local now = ngx.now()
            for name in pairs(due) do
                if not state.servers[name] then due[name], fallen[name] = nil, nil end
            end
            for name, server in pairs(state.servers) do
                if server.standing ~= "standby" and (server.isDown or fallen[name] or now >= (due[name] or 0)) then
                    due[name] = now + 1
                    begin(server, 2)
                end
            end
        end

        -- MARK: Requests

        -- From what is best to what is left: healthy servers that were not tried, any that were not, any.
        local passes = {
            function(server, tried) return not server.isDown and not (tried and tried[server.name]) end,
            function(server, tried) return not (tried and tried[server.name]) end,
            function() return true end,
        }

        -- Rendezvous hashing with weights: few clients move when a server comes or goes.
        local function pickBySource(backend, admits, tried)
            local best, bestScore
            local source = ngx.var.binary_remote_addr
            for _, server in ipairs(backend.serving) do
                if admits(server, tried) then
                    local a, b, c, d = ngx.md5_bin(server.name .. source):byte(1, 4)
                    local share = (((a * 256 + b) * 256 + c) * 256 + d + 1) / 4294967297
                    local score = -server.weight / math.log(share)
                    if not best or score > bestScore then best, bestScore = server, score end
                end
            end
            return best
        end

        -- Smooth weighted round robin, as nginx itself has it.
        local function pickInTurn(backend, admits, tried)
            local best
            local total = 0
            for _, server in ipairs(backend.serving) do
                if admits(server, tried) then
                    server.current = server.current + server.weight
                    total = total + server.weight
                    if not best or server.current > best.current then best = server end
                end
            end
            if best then best.current = best.current - total end
            return best
        end

        local function pick(backend, tried)
            local pickOne = backend.sticky and pickBySource or pickInTurn
            for _, admits in ipairs(passes) do
                local server = pickOne(backend, admits, tried)
                if server then return server end
            end
        end

        local function clientDescriptor()
            if canCut == false or ngx.req.http_version() == 2 then return nil end
            local request = ffi.cast("char *", base.get_request())
            local connection = ffi.cast("char **", request + 8)[0]
            local descriptor = ffi.cast("int *", connection + 24)[0]
            if canCut == nil then
                -- Once: whether this nginx has its fields where every nginx had them.
                local address, size = ffi.new("unsigned char[128]"), ffi.new("unsigned int[1]", 128)
                canCut = ffi.C.getpeername(descriptor, address, size) == 0
                    and address[2] * 256 + address[3] == tonumber(ngx.var.remote_port)
                if not canCut then return nil end
            end
            return descriptor
        end

        local function hold(context, server)
            context.server = server
            active:incr(server.activeKey, 1, 0)
            local descriptor = context.descriptor
            if descriptor then
                local held = clients[server.name]
                if not held then
                    held = {}
                    clients[server.name] = held
                end
                held[descriptor] = true
            end
        end

        local function release(context)
            local server = context.server
            active:incr(server.activeKey, -1, 0)
            local held = clients[server.name]
            if held and context.descriptor then held[context.descriptor] = nil end
        end

        local explainedAt, unexplained = 0, 0

        -- Why no instance answered, in nginx's log: a line in ten seconds of each worker, however many fail.
        local function explain(...)
            unexplained = unexplained + 1
            if ngx.now() < explainedAt + 10 then return end
            ngx.log(ngx.CRIT, unexplained, " failed since the line before; this one with ", ...)
            explainedAt, unexplained = ngx.now(), 0
        end

        -- Whether a browser asks if it may ask, from an origin that may.
        local function isPreflight()
            return ngx.req.get_method() == "OPTIONS" and (ngx.var.origin or "") ~= ""
                and ngx.var.http_access_control_request_method
        end

        -- Before a request is passed on. Its location has set `$backend`, and `$origin` where it has any.
        function M.enter()
            refresh()
            local name = ngx.var.backend
            if not name or name == "" then return end
            if isPreflight() then
                ngx.header["Access-Control-Allow-Methods"] = "GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS"
                ngx.header["Access-Control-Allow-Headers"] = ngx.var.http_access_control_request_headers
                ngx.header["Access-Control-Max-Age"] = "600"
                return ngx.exit(204)
            end
            local backend = state.backends[name]
            if not backend or #backend.serving == 0 then
                counts:incr("unserved " .. name, 1, 0)
                explain("503: no server of ", name, " serves")
                ngx.status = 503
                ngx.header["Retry-After"] = "1"
                ngx.header["Content-Type"] = "text/plain"
                ngx.print("No instance of this app can answer now.\n")
                return ngx.exit(503)
            end
            local context = ngx.ctx
            context.began = microseconds()
            context.backend = backend
            context.descriptor = clientDescriptor()
        end

        -- For the first try of a request and for each one after.
        function M.balance()
            local context = ngx.ctx
            local before = context.server
            if before then
                release(context)
                context.tried = context.tried or {}
                context.tried[before.name] = true
                begin(before, 1)
            else
                balancer.set_more_tries(triesMax)
            end
            local server = pick(context.backend, context.tried)
            hold(context, server)
            local isSet, problem = balancer.set_current_peer(server.address, server.port)
            if not isSet then
                ngx.log(ngx.ERR, "no peer: ", problem)
                return ngx.exit(500)
            end
        end

        -- Before nginx reads its file again, clients are told to come back on another connection.
        function M.answer()
            if state.closing and ngx.req.http_version() < 2 then ngx.header["Connection"] = "close" end
        end

        -- The buckets of `Latency`.
        local function bucket(value)
            if value < 32 then return math.floor(value) end
            local shift = 0
            while value >= 32 do
                value = value / 2
                shift = shift + 1
            end
            return 32 + (shift - 1) * 16 + math.floor(value) - 16
        end

        -- After the last byte. Its server is released last: who sees that a server has no request sees all
        -- that it has counted.
        local function count(context, server)
            counts:incr(server.requestsKey, 1, 0)
            local status = ngx.status
            if status >= 500 or status == 0 then
                counts:incr(server.failedKey, 1, 0)
                if status == 502 or status == 504 then begin(server, 1) end
                -- An answer of the instance's own is for its app to explain.
                local headerTime = ngx.var.upstream_header_time
                if not headerTime or headerTime:sub(-1) == "-" then
                    explain(status, " after ", ngx.var.upstream_addr, ": ", ngx.var.upstream_status, " in ",
                        ngx.var.upstream_response_time, " s")
                end
            end
            -- A tunnel's length says nothing of speed.
            if status ~= 101 then
                local number = bucket(math.min(math.max(microseconds() - context.began, 0), 3.6e9))
                local key = server.latencyKeys[number]
                if not key then
                    key = "latency " .. server.name .. " " .. number
                    server.latencyKeys[number] = key
                end
                counts:incr(key, 1, 0)
            end
            release(context)
        end

        function M.leave()
            local context = ngx.ctx
            local server = context.server
            if server then count(context, server) end
            log.write(ngx.var.backend, server and server.name)
        end

        -- MARK: The agent

        local function lines(dictionary)
            local text = {}
            for _, key in ipairs(dictionary:get_keys(0)) do
                local value = dictionary:get(key)
                if value then text[#text + 1] = key .. " " .. value end
            end
            return table.concat(text, "\n") .. "\n"
        end

        local commands = {}

        function commands.state()
            refresh()
            return "generation " .. M.generation .. "\n" .. (servers:get("text") or "")
        end

        function commands.traffic() return lines(counts) end

        function commands.active()
            -- A worker that was killed takes its requests with it.
            for _, key in ipairs(active:get_keys(0)) do
                local process = tonumber(key:match("^%d+"))
                if process and process ~= worker and ffi.C.kill(process, 0) ~= 0 then active:delete(key) end
            end
            return lines(active)
        end

        function commands.servers(body)
            local _, before = parse(servers:get("text") or "")
            local _, after = parse(body)
            for name, server in pairs(after) do
                -- The agent of a server that takes over has just seen it answer.
                if server.standing ~= "standby" and (not before[name] or before[name].standing == "standby") then
                    servers:delete("down " .. name)
                end
            end
            servers:set("text", body)
            servers:incr("version", 1, 0)
            return "done\n"
        end

        function commands.closing(body)
            servers:set("closing", body == "on")
            servers:incr("version", 1, 0)
            return "done\n"
        end

        function commands.cut(body)
            servers:set("cut", body)
            servers:incr("cuts", 1, 0)
            servers:incr("version", 1, 0)
            return "done\n"
        end

        -- Removes the counters of servers that are not listed and have no request, and tells what they were.
        function commands.forget(body)
            refresh()
            local gone = {}
            for name in body:gmatch("%S+") do
                if not state.servers[name] then gone[name] = true end
            end
            for _, key in ipairs(active:get_keys(0)) do
                local name = key:match(" (%S+)$")
                if gone[name] and (active:get(key) or 0) > 0 then gone[name] = nil end
            end
            local text = {}
            for _, key in ipairs(counts:get_keys(0)) do
                local kind, name = key:match("^(%a+) (%S+)")
                local value = kind ~= "unserved" and gone[name] and counts:get(key)
                if value then
                    text[#text + 1] = key .. " " .. value
                    counts:delete(key)
                end
            end
            for _, key in ipairs(active:get_keys(0)) do
                if gone[key:match(" (%S+)$")] then active:delete(key) end
            end
            for name in pairs(gone) do servers:delete("down " .. name) end
            return table.concat(text, "\n") .. "\n"
        end

        function M.control()
            ngx.req.read_body()
            local command = commands[ngx.var.uri:sub(2)]
            if not command then return ngx.exit(404) end
            local body = ngx.req.get_body_data()
            -- One that nginx keeps in a file is not seen: without it, servers would seem to be none.
            if not body and ngx.req.get_body_file() then return ngx.exit(413) end
            local answer = command(body or "")
            -- So that the agent knows whether it has all of it.
            ngx.header["Content-Length"] = #answer
            ngx.print(answer)
        end

        -- For Prometheus.
        function M.metrics()
            local text = {}
            for _, key in ipairs(counts:get_keys(0)) do
                local kind, server = key:match("^(%a+) (%S+)$")
                if kind == "requests" or kind == "failed" then
                    text[#text + 1] = ('apus_balancer_%s_total{server="%s"} %d\n'):format(kind, server, counts:get(key) or 0)
                end
            end
            table.sort(text)
            ngx.print(text)
        end

        -- MARK: Beginning

        -- In the master, when it starts and when it reads its file again.
        function M.load(generation)
            M.generation = generation
            local file = io.open(ngx.config.prefix() .. "servers.txt")
            if not file then return end
            servers:set("text", file:read("*a"))
            servers:incr("version", 1, 0)
            file:close()
        end

        local function isHolding()
            for _, held in pairs(clients) do
                if next(held) then return true end
            end
            return false
        end

        -- A worker that is told to end has no timers any more, but may have tunnels to be cut.
        local function watch(premature)
            refresh()
            while premature and isHolding() do
                ngx.sleep(0.2)
                refresh()
            end
        end

        function M.begin()
            worker = ngx.worker.pid()
            log.open()
            refresh()
            ngx.timer.every(0.2, watch)
            if ngx.worker.id() == 0 then ngx.timer.every(0.25, tick) end
        end

        return M

        """#
}
