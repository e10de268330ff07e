import Core
import HTTPTypes
import Wire

/// The route table of the dashboard. Forms carry the session's secret beside their fields.
enum PageRoutes {
    private static let page = Route.Output.text("text/html; charset=utf-8")

    static let login = Route(
        "showLogin", .get, "/login", .open, "Where a browser begins.",
        query: [.init("token", .text, "A one-time secret."), .init("next", .text, "The page to show then.")],
        output: page)
    static let logIn = Route("logIn", .post, "/login", .open, "Begins a session.", output: page)
    static let logOut = Route("logOut", .post, "/logout", .role(.viewer), "Ends the session.", output: page)
    static let asset = Route(
        "getAsset", .get, "/assets/{asset}", .open, "Style and script.", query: [.init("v", .text, "Version.")],
        output: .text("text/css"))

    /// The page itself asks for a viewer: at this address reporters are told what they send to.
    static let overview = Route(
        "showOverview", .get, "/", .role(.reporter), "The fabric.",
        query: [.init("filter", .text, "Which instances."), .init("group", .text, "A key of the filter language.")],
        output: page)
    private static let list: [Route.Parameter] = [
        .init("filter", .text, "Which rows."), .init("sort", .text, "In which order."),
        .init("group", .text, "Counted by a key of the filter language, in place of the rows."),
        .init("offset", .integer, "How many rows to pass over."), .init("limit", .integer, "How many rows at most."),
    ]
    static let hosts = Route(
        "showHosts", .get, "/hosts", .role(.viewer), "Every host.", query: list, output: page)
    static let instances = Route(
        "showInstances", .get, "/instances", .role(.viewer), "Every instance.", query: list, output: page)
    static let host = Route("showHost", .get, "/hosts/{host}", .role(.viewer), "A host.", output: page)
    static let drain = Route(
        "formDrain", .post, "/hosts/{host}/drain", .role(.operator), "Drains a host.", output: page)
    static let undrain = Route(
        "formUndrain", .post, "/hosts/{host}/undrain", .role(.operator), "Takes a drain back.", output: page)
    static let instance = Route(
        "showInstance", .get, "/instances/{instance}", .role(.viewer), "An instance and its output.", output: page)
    static let audit = Route(
        "showAudit", .get, "/audit", .role(.viewer), "Who did what.",
        query: [.init("before", .integer, "Only entries with a lower number.")], output: page)

    static let app = Route("showApp", .get, "/apps/{app}", .role(.viewer), "An app.", output: page)
    static let deploy = Route("formDeploy", .post, "/apps/{app}/deploy", .role(.deployer), "Deploys.", output: page)
    static let plan = Route("formPlan", .post, "/apps/{app}/plan", .role(.deployer), "Plans a deploy.", output: page)
    static let rollback = Route(
        "formRollback", .post, "/apps/{app}/rollback", .role(.deployer), "Rolls back.", output: page)
    static let scale = Route("formScale", .post, "/apps/{app}/scale", .role(.deployer), "Scales.", output: page)
    static let diff = Route(
        "showDiff", .get, "/apps/{app}/diff", .role(.viewer), "What differs between two releases.",
        query: [.init("from", .integer, "The release before."), .init("to", .integer, "The release after.")],
        output: page)

    static let showPlan = Route("showPlan", .get, "/plans/{plan}", .role(.viewer), "A plan.", output: page)
    static let approve = Route(
        "formApprove", .post, "/plans/{plan}/approve", .role(.deployer), "Approves.", output: page)
    static let executions = Route("showExecutions", .get, "/executions", .role(.viewer), "Executions.", output: page)
    static let execution = Route("showExecution", .get, "/executions/{execution}", .role(.viewer), "One.", output: page)
    static let control = Route(
        "formControl", .post, "/executions/{execution}/control", .role(.deployer), "Steers an execution.", output: page)
    static let build = Route("showBuild", .get, "/builds/{build}", .role(.viewer), "A build.", output: page)

    static let chart = Route(
        "drawChart", .get, "/charts", .role(.viewer), "A chart as SVG.", takesAnyQuery: true,
        output: .text("image/svg+xml"))
    static let graphs = Route(
        "showGraphs", .get, "/graphs", .role(.viewer), "Charts of anything.", takesAnyQuery: true, output: page)
    static let graph = Route(
        "showGraph", .get, "/graphs/{page}", .role(.viewer), "A page of charts.", takesAnyQuery: true, output: page)

    static let logs = Route(
        "showLogs", .get, "/logs", .role(.viewer), "Lines of logs.",
        query: [
            .init("query", .text, "Which lines."), .init("from", .text, "From when; default -1h."),
            .init("until", .text, "Until when; default now."), .init("after", .text, "Where the page begins."),
            .init("only", .text, "`lines`: without histogram and fields."),
        ], output: page)
    static let logErrors = Route(
        "showLogErrors", .get, "/logs/errors", .role(.viewer), "Errors that apps have logged, by kinds.",
        query: [.init("app", .text, "Of this app alone.")], output: page)
    static let logContext = Route(
        "showLogContext", .get, "/logs/context", .role(.viewer), "A line and those around it.",
        query: [.init("position", .text, "The line's place.")], output: page)

    static let doctor = Route(
        "showDoctor", .get, "/doctor", .role(.viewer), "Whether the control plane is well.", output: page)
    static let commit = Route(
        "showCommit", .get, "/commit", .role(.viewer), "What the repository's head would change.", output: page)
    static let apply = Route("formApply", .post, "/commit", .role(.operator), "Applies a commit.", output: page)
    static let tokens = Route("showTokens", .get, "/tokens", .role(.admin), "Every token.", output: page)
    static let createToken = Route("formToken", .post, "/tokens", .role(.admin), "Makes a token.", output: page)
    static let revokeToken = Route(
        "formRevoke", .post, "/tokens/{token}/revoke", .role(.admin), "Makes a token useless.", output: page)

    static let all: [Route] = [
        login, logIn, logOut, asset, overview, hosts, instances, host, drain, undrain, instance, audit, app, deploy,
        plan,
        rollback,
        scale, diff, showPlan, approve, executions, execution, control, build, doctor, commit, apply, tokens,
        createToken, revokeToken, chart, graphs, graph, logs, logErrors, logContext,
    ]
}
