import FoundationEssentials
import Subprocess
import SystemPackage

/// Drives Chromium through its debugging pipe: comes in by a one-time link, waits until the page
/// says that it is live, and gives back its markup, or takes a picture of it.
enum BrowserDriver {
    static let browser = "/usr/bin/chromium"
    static var isPresent: Bool {
        FileManager.default.isExecutableFile(atPath: browser)
            && FileManager.default.isExecutableFile(atPath: "/usr/bin/python3")
    }

    struct Visit: Encodable {
        var url: String
        /// JavaScript that is true when the page is as it should be looked at.
        var until: String
        var width = 1280
        var height = 900
        var scheme = "light"
        /// How many tabs of one browser show the page; it has to be as it should be in each of them.
        var tabs = 1
        /// Where to leave a picture.
        var picture: String?
    }

    /// - Returns: the markup of each page, in order.
    static func visit(_ visits: [Visit]) async throws -> [String] {
        let input = String(decoding: try JSONEncoder().encode(visits), as: UTF8.self)
        let result = try await run(
            .path("/usr/bin/python3"), arguments: ["-c", script, browser], input: .string(input),
            output: .string(limit: 64 << 20), error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else { throw Failure(output: result.standardError) }
        return try JSONDecoder().decode([String].self, from: Data(result.standardOutput.utf8))
    }

    struct Failure: Error {
        var output: String
    }

    private static let script = #"""
        import base64, json, os, select, shutil, signal, subprocess, sys, tempfile, time
        visits = json.load(sys.stdin)
        deadline = time.monotonic() + 30 + 10 * len(visits)
        to_browser, ours_out = os.pipe()
        ours_in, from_browser = os.pipe()
        profile = tempfile.mkdtemp(prefix="apus-browser-")
        def pipes():
            os.dup2(to_browser, 13); os.dup2(from_browser, 14)
            os.dup2(13, 3); os.dup2(14, 4)
        browser = subprocess.Popen(
            [sys.argv[1], "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run",
             "--hide-scrollbars", "--remote-debugging-pipe", "--user-data-dir=" + profile, "about:blank"],
            preexec_fn=pipes, close_fds=False, start_new_session=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        number, pending = 0, b""
        def receive():
            global pending
            while b"\0" not in pending:
                left = deadline - time.monotonic()
                if left <= 0 or not select.select([ours_in], [], [], left)[0]: raise SystemExit("the browser is too slow")
                bytes = os.read(ours_in, 1 << 20)
                if not bytes: raise SystemExit("the browser has ended")
                pending += bytes
            message, pending = pending.split(b"\0", 1)
            return json.loads(message)
        def call(method, session=None, **parameters):
            global number
            number += 1
            message = {"id": number, "method": method, "params": parameters}
            if session: message["sessionId"] = session
            os.write(ours_out, json.dumps(message).encode() + b"\0")
            while True:
                answer = receive()
                if answer.get("id") == number:
                    if "error" in answer: raise SystemExit(f"{method}: {answer['error']}")
                    return answer["result"]
        def evaluate(session, text):
            try:
                return call("Runtime.evaluate", session, expression=text, returnByValue=True)["result"].get("value")
            except SystemExit as fault:
                # The page goes on to the next one while it is asked: the next time it answers.
                if "navigated" in str(fault) or "context" in str(fault): return None
                raise
        try:
            pages = []
            for visit in visits:
                context = call("Target.createBrowserContext")["browserContextId"]
                sessions = []
                for tab in range(visit["tabs"]):
                    target = call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
                    session = call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
                    sessions.append(session)
                    call("Emulation.setDeviceMetricsOverride", session, width=visit["width"], height=visit["height"],
                         deviceScaleFactor=1, mobile=False)
                    call("Emulation.setEmulatedMedia", session, features=[{"name": "prefers-color-scheme", "value": visit["scheme"]}])
                    # A one-time link leads the first one in; the others share its session.
                    address = evaluate(sessions[0], "location.href") if tab else visit["url"]
                    call("Page.navigate", session, url=address)
                    while len(sessions) < visit["tabs"] and evaluate(session, "location.pathname") in ("blank", "/login"): time.sleep(0.02)
                for session in sessions:
                    while not evaluate(session, f"document.readyState === 'complete' && !!({visit['until']})"):
                        if time.monotonic() > deadline:
                            raise SystemExit("never: " + visit["until"] + "\n" + str(evaluate(session, "document.documentElement.outerHTML")))
                        time.sleep(0.05)
                if visit.get("picture"):
                    time.sleep(0.3)
                    image = call("Page.captureScreenshot", session, format="png")["data"]
                    open(visit["picture"], "wb").write(base64.b64decode(image))
                pages.append(evaluate(session, "document.documentElement.outerHTML"))
                call("Target.disposeBrowserContext", browserContextId=context)
            json.dump(pages, sys.stdout)
        finally:
            os.killpg(browser.pid, signal.SIGKILL)
            browser.wait()
            shutil.rmtree(profile, ignore_errors=True)
        """#
}
