import Core
import HTTPTypes

/// The route table of the API.
package enum Routes {
    private static let filter = Route.Parameter(
        "filter", .text, "Which are meant: `app=shop and zone=a and not host=web-3`.")
    private static let limit = Route.Parameter(
        "limit", .integer, "How many at most, the newest first; 1 to 1000, default 100.")

    /// The parameters of a list that is answered in parts. How many rows there are in all is in the
    /// answer's header `apus-total`, how many come before the part in `apus-offset`, and the `after`
    /// of the next part in `apus-next`, which is not there at the end.
    package static let part: [Route.Parameter] = [
        filter,
        .init("sort", .text, "A key of the filter language, `-` before it turns the order round; default: by name."),
        .init("limit", .integer, "How many rows at most; 1 to 5000, default 200."),
        .init("after", .text, "Where to go on: the `apus-next` header of the part before."),
        .init("offset", .integer, "How many rows to pass over, in place of `after`."),
    ]
    private static let groups: [Route.Parameter] = [
        .init("by", .text, "A key of the filter language: app, process, host, zone, class, state, label.NAME, …"),
        filter, .init("limit", .integer, "How many groups at most, the worst first; 1 to 5000, default 200."),
    ]

    // Reading.
    package static let status = Route(
        "getStatus", .get, "/v1/status", .role(.viewer), "The fabric at a glance.", output: .json(StatusView.self))
    package static let hosts = Route(
        "listHosts", .get, "/v1/hosts", .role(.viewer),
        "Hosts, declared or connected, in parts: the headers apus-total and apus-next say what there is beside this one.",
        query: part, output: .json([HostView].self))
    package static let host = Route(
        "getHost", .get, "/v1/hosts/{host}", .role(.viewer), "A host and everything on it.",
        output: .json(HostDetailView.self))
    package static let instances = Route(
        "listInstances", .get, "/v1/instances", .role(.viewer),
        "Instances that are, or should be, in parts: the headers apus-total and apus-next say what there is beside this one.",
        query: part, output: .json([InstanceView].self))
    package static let hostGroups = Route(
        "countHosts", .get, "/v1/groups/hosts", .role(.viewer), "Hosts, counted by what they have in common.",
        query: groups, output: .json([GroupView].self))
    package static let instanceGroups = Route(
        "countInstances", .get, "/v1/groups/instances", .role(.viewer),
        "Instances, counted by what they have in common.", query: groups, output: .json([GroupView].self))
    package static let instanceLogs = Route(
        "followInstanceLogs", .get, "/v1/instances/{instance}/logs", .role(.viewer),
        "Lines that an instance has written.",
        query: [
            .init("lines", .integer, "How many of the last lines come first; 0 to 10000, default 100."),
            .init("follow", .flag, "Whether the stream goes on with lines as they are written."),
        ], output: .events(LogLine.self))
    package static let apps = Route(
        "listApps", .get, "/v1/apps", .role(.viewer), "Every app in one line.", output: .json([AppView].self))
    package static let app = Route(
        "getApp", .get, "/v1/apps/{app}", .role(.viewer), "An app with its processes, routes, instances and releases.",
        output: .json(AppDetailView.self))
    package static let releases = Route(
        "listReleases", .get, "/v1/apps/{app}/releases", .role(.viewer), "An app's releases, the newest first.",
        output: .json([ReleaseView].self))
    package static let releaseDiff = Route(
        "diffReleases", .get, "/v1/apps/{app}/diff", .role(.viewer), "What differs between two releases.",
        query: [.init("from", .integer, "The release before."), .init("to", .integer, "The release after.")],
        output: .json(ReleaseDiffView.self))
    package static let delta = Route(
        "listDelta", .get, "/v1/delta", .role(.viewer), "What differs between what should be and what is.",
        query: [filter], output: .json([DeltaView].self))
    package static let configuration = Route(
        "getConfiguration", .get, "/v1/configuration", .role(.viewer), "What the desired commit means, resolved.",
        output: .json(FabricConfiguration.self))
    package static let validation = Route(
        "getValidation", .get, "/v1/configuration/validation", .role(.viewer),
        "Whether the configuration repository's head can be used.", output: .json(ValidationView.self))
    package static let pendingCommit = Route(
        "getPendingCommit", .get, "/v1/configuration/pending", .role(.viewer),
        "What the configuration repository's head would change.", output: .json(PendingCommitView.self))
    package static let events = Route(
        "followEvents", .get, "/v1/events", .role(.viewer), "Says that something has changed, as it changes.",
        output: .events(ChangeEvent.self))
    package static let audit = Route(
        "listAudit", .get, "/v1/audit", .role(.viewer), "Who did what, the newest first.",
        query: [limit, .init("before", .integer, "Only entries with a lower number.")], output: .json([AuditView].self))
    package static let auditEvents = Route(
        "followAudit", .get, "/v1/audit/events", .role(.viewer), "Entries of the audit log as they are written.",
        output: .events(AuditView.self))
    package static let doctor = Route(
        "getDoctor", .get, "/v1/doctor", .role(.viewer), "Whether the control plane itself is well.",
        output: .json([DoctorFinding].self))
    package static let version = Route(
        "getVersion", .get, "/v1/version", .role(.viewer), "What answers here.", output: .json(VersionView.self))

    // Plans, executions, builds.
    package static let makePlan = Route(
        "makePlan", .post, "/v1/plans", .role(.deployer), "Makes a plan for each app concerned, and carries out none.",
        input: PlanRequest.self, output: .json([PlanView].self))
    package static let plan = Route(
        "getPlan", .get, "/v1/plans/{plan}", .role(.viewer), "A plan, and whether it is stale.",
        output: .json(PlanView.self))
    package static let approvePlan = Route(
        "approvePlan", .post, "/v1/plans/{plan}/approve", .role(.deployer),
        "Carries a plan out; refused when it is stale. A plan to apply a commit asks for an operator.",
        output: .json(AcceptedView.self))
    package static let executions = Route(
        "listExecutions", .get, "/v1/executions", .role(.viewer), "Executions, the newest first, without their steps.",
        query: [
            limit, .init("app", .text, "Only this app's."), .init("running", .flag, "Only those that have not ended."),
        ],
        output: .json([ExecutionView].self))
    package static let execution = Route(
        "getExecution", .get, "/v1/executions/{execution}", .role(.viewer), "An execution with its steps.",
        output: .json(ExecutionView.self))
    package static let controlExecution = Route(
        "controlExecution", .post, "/v1/executions/{execution}/control", .role(.deployer),
        "Pauses, resumes, aborts or retries an execution, or cancels a step.", input: ControlRequest.self,
        output: .json(ExecutionView.self))
    package static let executionEvents = Route(
        "followExecution", .get, "/v1/executions/{execution}/events", .role(.viewer),
        "How an execution gets on, from its beginning, until it ends.", output: .events(ExecutionEvent.self))
    package static let build = Route(
        "getBuild", .get, "/v1/builds/{build}", .role(.viewer), "A build.", output: .json(BuildView.self))
    package static let buildEvents = Route(
        "followBuild", .get, "/v1/builds/{build}/events", .role(.viewer),
        "A build's output, from its beginning, until it ends.", output: .events(BuildEvent.self))

    // Acting.
    package static let apply = Route(
        "applyCommit", .post, "/v1/apply", .role(.operator),
        "Makes a commit of the configuration repository the desired one.", input: ApplyRequest.self,
        output: .json(AcceptedView.self))
    package static let deploy = Route(
        "deployApp", .post, "/v1/apps/{app}/deploy", .role(.deployer), "Builds an app and rolls it out.",
        input: DeployRequest.self, output: .json(AcceptedView.self))
    package static let rollback = Route(
        "rollbackApp", .post, "/v1/apps/{app}/rollback", .role(.deployer),
        "Goes back to a release, and holds the app at it.", input: RollbackRequest.self,
        output: .json(AcceptedView.self))
    package static let scale = Route(
        "scaleApp", .post, "/v1/apps/{app}/scale", .role(.deployer), "Overrides how many instances a process has.",
        input: ScaleRequest.self, output: .json(AcceptedView.self))
    package static let drain = Route(
        "drainHost", .post, "/v1/hosts/{host}/drain", .role(.operator), "Empties a host; it takes nothing new.",
        output: .json(AcceptedView.self))
    package static let undrain = Route(
        "undrainHost", .post, "/v1/hosts/{host}/undrain", .role(.operator), "Lets a drained host take instances again.",
        output: .json(AcceptedView.self))

    package static let notifications = Route(
        "listHooks", .get, "/v1/notifications", .role(.viewer), "Who is told what happens, and how that gets on.",
        output: .json([NotificationHookView].self))
    package static let testNotifications = Route(
        "testHooks", .post, "/v1/notifications/test", .role(.operator),
        "Sends something to a hook, and says whether it was taken.", input: NotificationTestRequest.self,
        output: .json([NotificationTestView].self))

    // Access.
    package static let tokens = Route(
        "listTokens", .get, "/v1/tokens", .role(.admin), "Every token, without its secret.",
        output: .json([TokenView].self))
    package static let createToken = Route(
        "createToken", .post, "/v1/tokens", .role(.admin), "Makes a token; its secret is shown this once.",
        input: TokenRequest.self, output: .json(IssuedTokenView.self))
    package static let revokeToken = Route(
        "revokeToken", .delete, "/v1/tokens/{token}", .role(.admin), "Makes a token useless, at once.", output: .nothing
    )
    package static let createJoinToken = Route(
        "createJoinToken", .post, "/v1/join-tokens", .role(.operator), "Makes a one-time token that lets a host join.",
        input: JoinTokenRequest.self, output: .json(JoinTokenView.self))

    package static let revokeHost = Route(
        "revokeHost", .post, "/v1/hosts/{host}/revoke", .role(.operator),
        "Refuses a host's certificates and join tokens from now on, and ends its connection.", output: .nothing)

    // The server itself.
    package static let health = Route(
        "getHealth", .get, "/healthz", .open, "Whether the process answers.", output: .text("text/plain; charset=utf-8")
    )
    package static let readiness = Route(
        "getReadiness", .get, "/readyz", .open, "Whether requests would be served well: 200 or 503.",
        output: .text("text/plain; charset=utf-8"))
    package static let metrics = Route(
        "getMetrics", .get, "/metrics", .role(.viewer), "Counters of the server, as Prometheus reads them.",
        output: .text("text/plain; version=0.0.4; charset=utf-8"))
    package static let openAPI = Route(
        "getOpenAPI", .get, "/openapi.json", .open, "This document.", output: .text("application/json"))

    package static let all: [Route] =
        [
            hostGroups, instanceGroups, status, hosts, host, instances, instanceLogs, apps, app, releases, releaseDiff,
            delta, configuration,
            validation, pendingCommit,
            events, audit, auditEvents, doctor, version, makePlan, plan, approvePlan, executions, execution,
            controlExecution,
            executionEvents, build, buildEvents, apply, deploy, rollback, scale, drain, undrain, notifications,
            testNotifications,
            tokens, createToken,
            revokeToken, createJoinToken, revokeHost, health, readiness, metrics, openAPI,
        ] + MetricsRoutes.all + GraphiteRoutes.all + LogsRoutes.all + RawLogRoutes.all + LogAcceptRoutes.all
}
